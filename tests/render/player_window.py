"""A browser window with a player in it."""

from collections.abc import Callable
from typing import Any

from tcpsim.render import player
from tcpsim.scenarios import play

Open = Callable[..., Any]


class Window:
    """A browser window; ``said``: what came on its console; ``asked``: the addresses it wanted."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(20_000)  # of waiting for what never comes
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))


def scenario(name: str, **options: Any) -> str:
    return player(play(name, trace="full").trace, **options)


def at(page: Any) -> int:
    """The step, as the slider tells it; from 1."""
    return int(page.locator("#scrub").input_value()) + 1


def states(page: Any) -> list[str]:
    """The state of both machines."""
    return [page.locator(f"#states{side} .s.here").get_attribute("data-state") for side in (0, 1)]


#: The states that both machines show at each step.
WALK = """() => [...Array(+document.getElementById("scrub").max + 1)].map(() => {
  const found = [0, 1].map(side => document.querySelector(`#states${side} .s.here`).dataset.state);
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  return found;
})"""
