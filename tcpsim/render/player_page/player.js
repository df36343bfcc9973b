"use strict";
(() => {
const $ = id => document.getElementById(id);
const all = (query, root = document) => [...root.querySelectorAll(query)];
const data = JSON.parse($("data").textContent);
const steps = data.steps, packets = new Map(Object.entries(data.packets)), last = steps.length - 1;
if (last < 0) return;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const PERIOD = 900; // ms for a step at speed 1

// What is drawn: [element, the step from which it is there]
const drawn = all("#ladder [data-s]").map(one => [one, +one.dataset.s]);
const labels = new Map(all("#ladder .lb").map(one => [one.dataset.p, one]));
const arrows = all("#ladder .pk").map(one => ({
  one, dot: one.querySelector(".dot"), way: one.dataset.way.split(",").map(Number),
  first: +one.dataset.s, end: +one.dataset.e, number: one.dataset.p,
}));
const machines = [0, 1].map(side => ({
  box: $(side ? "right" : "left"), svg: $("states" + side), rule: $("rule" + side), values: $("values" + side),
  states: all("#states" + side + " .s"), edges: all("#states" + side + " .e"),
}));
const items = all("#steps li");

let at = 0;          // the step that has happened last
let chosen = null;   // the packet whose details are shown; null: that of the step
let playing = false, share = 0, clock = 0;

const make = (tag, text) => { const one = document.createElement(tag); one.textContent = text; return one; };
const clamp = step => Math.max(0, Math.min(last, step));

// -- the picture at a step

function draw() {
  for (const [one, from] of drawn) one.classList.toggle("ahead", from > at);
  for (const arrow of arrows) arrow.one.classList.toggle("fly", arrow.first <= at && at < arrow.end);
  fly();
  $("row").setAttribute("y", ROW * (at + 0.25));
  machines.forEach(machine);
}

function fly() {
  for (const { one, dot, way, first, end } of arrows) {
    if (!one.classList.contains("fly")) continue;
    const far = end > last ? 1 : Math.min(1, (at + share - first) / (end - first));
    dot.setAttribute("cx", way[0] + (way[2] - way[0]) * far);
    dot.setAttribute("cy", way[1] + (way[3] - way[1]) * far);
  }
}

function machine(parts, side) {
  const step = steps[at], been = new Map(), values = new Map();
  const mine = other => other.flow === undefined || step.flow === undefined || other.flow === step.flow;
  const path = [];
  let rule = "";
  steps.slice(0, at + 1).forEach((other, i) => {
    if (!mine(other)) return;
    for (const [where, edge, words, why] of other.moves || []) if (where === side) {
      been.set(edge, i);
      path.push(words);
      rule = words + ": " + why;
    }
    for (const [where, name, value] of other.values || []) if (where === side) values.set(name, value);
  });
  const state = step.states[side];
  for (const one of parts.states) one.classList.toggle("here", one.dataset.state === state);
  for (const one of parts.edges) {
    const when = been.get(one.dataset.edge);
    one.classList.toggle("been", when !== undefined);
    one.classList.toggle("now", when === at);
  }
  const name = parts.states.find(one => one.dataset.state === state).textContent;
  parts.svg.setAttribute("aria-label", data.hosts[side] + " is in " + name + (path.length ? "; it went " + path.join(", ") : ""));
  parts.rule.textContent = rule;
  parts.values.replaceChildren(...[...values].flatMap(([name, value]) => [make("dt", name), make("dd", value)]));
}

// -- the words about it

function tell() {
  const step = steps[at];
  const number = data.start + at + 1;
  $("where").textContent = "step " + number + " of " + data.total + ", " + step.t + " s";
  const moves = (step.moves || []).map(([side, , words]) => data.hosts[side] + " " + words);
  $("now").textContent = [...new Set([step.t + " s  " + step.words, ...moves])].join(";  ");
  const scrub = $("scrub");
  scrub.value = at;
  scrub.setAttribute("aria-valuetext", "step " + number + ", " + step.t + " seconds: " + step.words);
  for (const name of ["first", "back"]) $(name).disabled = at === 0;
  for (const name of ["next", "last"]) $(name).disabled = at === last;
  items.forEach((one, i) => i === at ? one.setAttribute("aria-current", "step") : one.removeAttribute("aria-current"));
}

function detail() {
  const step = steps[at];
  const number = chosen ?? step.packet;
  const packet = packets.get(String(number));
  for (const { one, number: its } of arrows) {
    one.setAttribute("aria-pressed", its === String(number));
    labels.get(its).classList.toggle("on", its === String(number));
    one.setAttribute("tabindex", its === String(number) ? 0 : -1);
  }
  if (!arrows.some(({ one }) => one.tabIndex === 0) && arrows.length) arrows[0].one.setAttribute("tabindex", 0);
  $("title").textContent = packet ? "Packet " + packet.title : step.words;
  $("fields").replaceChildren(...(packet ? packet.fields.flatMap(([name, value]) => [make("dt", name), make("dd", value)]) : []));
  const asked = packet && chosen !== null ? [packet.start, packet.end].filter(one => one !== null) : [at];
  $("reasons").replaceChildren(...asked.flatMap(because));
}

function because(i) {
  const { t, words, why } = steps[i];
  const found = [make("h3", t + " s  " + words), make("p", why.says)];
  if (why.lesson) found.push(make("p", why.lesson));
  if (why.lines) {
    const list = make("ul", "");
    list.id = "facts";
    list.append(...why.lines.map(line => make("li", line)));
    found.push(list);
  }
  if (why.read) {
    const read = make("p", "Read: " + why.read);
    read.className = "quiet";
    found.push(read);
  }
  return found;
}

function keepInSight() {
  const frame = $("rungs"), scale = $("ladder").getBoundingClientRect().height / $("ladder").viewBox.baseVal.height;
  const y = ROW * (at + 0.75) * scale + $("heads").offsetHeight;
  const behavior = still.matches || playing ? "auto" : "smooth";
  if (y < frame.scrollTop + 70 || y > frame.scrollTop + frame.clientHeight - 70)
    frame.scrollTo({ top: y - frame.clientHeight * 0.45, behavior });
  const item = items[at], list = $("steps");
  if (item.offsetTop < list.scrollTop || item.offsetTop + item.offsetHeight > list.scrollTop + list.clientHeight)
    list.scrollTo({ top: item.offsetTop - list.clientHeight / 2, behavior: "auto" });
}

// -- moving

function fragment() {
  const words = "#step=" + (data.start + at + 1) + (chosen === null ? "" : "&packet=" + chosen);
  try { if (location.hash !== words) history.replaceState(null, "", words); } catch { /* in a frame without address */ }
}

function show(step, packet = null) {
  at = clamp(step);
  chosen = packet !== null && packets.has(String(packet)) ? String(packet) : null;
  draw(); tell(); detail(); keepInSight();
  if (!playing) fragment();
}

function go(step, packet = null) { stop(); share = 0; show(step, packet); }

function stop() {
  if (!playing) return;
  playing = false;
  share = 0;
  $("play").textContent = "Play";
  $("now").setAttribute("aria-live", "polite");
  show(at, chosen);
}

function play() {
  if (playing) return stop();
  if (at === last) show(0);
  playing = true;
  share = 0;
  $("play").textContent = "Pause";
  $("now").setAttribute("aria-live", "off"); // a new line each second would never end
  clock = performance.now();
  requestAnimationFrame(tick);
}

function tick(now) {
  if (!playing) return;
  const passed = Math.max(0, now - clock) / PERIOD * +$("speed").value;
  clock = now;
  let whole = share + passed;
  const onward = Math.floor(whole);
  share = whole - onward;
  if (onward) {
    show(at + onward);
    if (at === last) return stop();
  } else if (!still.matches) fly();
  requestAnimationFrame(tick);
}

function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const step = parseInt(asked.get("step"), 10), packet = asked.get("packet");
  stop();
  share = 0;
  show(Number.isFinite(step) ? step - 1 - data.start : at, packet);
}

// -- people

function choose(number) {
  stop();
  show(at, number);
}

function beside(direction) {
  const numbers = arrows.map(({ number }) => number);
  const here = numbers.indexOf(String(chosen ?? steps[at].packet));
  const found = arrows[Math.max(0, Math.min(arrows.length - 1, here + direction))];
  if (!found) return;
  choose(found.number);
  found.one.focus({ preventScroll: true });
}

const KEYS = {
  ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), l: () => go(at + 1), j: () => go(at - 1),
  PageDown: () => go(at + 10), PageUp: () => go(at - 10), Home: () => go(0), End: () => go(last),
  ArrowDown: () => beside(1), ArrowUp: () => beside(-1), Escape: () => go(at), k: play, " ": play,
};

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const on = event.target, arrow = on.closest && on.closest(".pk");
  if (on.matches("select")) return;
  if (arrow && (event.key === "Enter" || event.key === " ")) choose(arrow.dataset.p);
  else if (event.key === " " && on.matches("button, input, a")) return;
  else if (KEYS[event.key] && !event.shiftKey) KEYS[event.key]();
  else return;
  event.preventDefault();
});
$("ladder").addEventListener("click", event => {
  const arrow = event.target.closest(".pk, .lb"), other = event.target.closest(".ev");
  if (arrow) choose(arrow.dataset.p);
  else if (other) go(+other.dataset.s);
});
for (const [name, way] of [["first", () => 0], ["back", () => at - 1], ["next", () => at + 1], ["last", () => last]])
  $(name).addEventListener("click", () => go(way()));
$("play").addEventListener("click", play);
$("scrub").addEventListener("input", event => go(+event.target.value));
$("veil").addEventListener("change", event => document.body.classList.toggle("veil", event.target.checked));
addEventListener("hashchange", fromAddress);

document.body.classList.add("script");
$("bar").hidden = $("keys").hidden = false;
$("scrub").max = last;
fromAddress();
})();
