"""Explorations as pictures and figures."""

from pathlib import Path

from tcpsim.explore import Limits, explore
from tcpsim.explore.pictures import depth_histogram, difference, joint_dot, joint_svg, picture_of
from tests.shell.running import one_line, tcpsim


def test_the_joint_diagram_has_every_pair_and_every_way() -> None:
    result = explore("handshake-and-close", loss=0)
    picture = picture_of(result)
    assert set(picture.pairs) == set(result.joints)
    assert sum(picture.pairs.values()) == result.states
    assert {(step.src, step.dst) for step in picture.steps} == {(edge.src, edge.dst) for edge in result.edges}
    assert "CLOSING" in joint_svg(result)
    assert joint_dot(result).count("->") >= len(picture.steps)


def test_what_is_stuck_stands_out() -> None:
    result = explore("silent-abort", properties=["closable"])
    assert {"/".join(map(str, pair)) for pair in picture_of(result).marked} == {
        "FIN_WAIT_1/LISTEN",
        "FIN_WAIT_2/LISTEN",
    }


def test_the_histogram_has_a_line_for_each_distance() -> None:
    result = explore("handshake-and-close", loss=0)
    lines = depth_histogram(result).splitlines()[1:]
    assert [int(line.split()[1].replace(",", "")) for line in lines] == result.depths


def test_two_profiles_differ_where_they_should() -> None:
    one, other = (explore("exact-reset", profile=profile) for profile in ("rfc9293", "rfc9293_literal"))
    same = difference(one, one)
    assert same.joints == ((), ())
    assert "no joint state" in same.words()
    found = difference(one, other)
    assert set(found.joints[0]) == set(one.joints) - set(other.joints)
    assert set(found.ways[1]) == {(e.src, e.dst) for e in other.edges} - {(e.src, e.dst) for e in one.edges}
    partial = difference(one, explore("exact-reset", limits=Limits(states=30)))
    assert partial.joints[0]
    assert "Not every state was visited" in partial.words()


def test_from_the_command_line(tmp_path: Path) -> None:
    done = tcpsim(
        "explore", "handshake-and-close", "--loss", "0", "--histogram", "--against", "rfc9293_literal",
        "--property", "invariants", "--diagram", "joint.svg", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "moves  states" in done.stdout
    assert "rfc9293_literal" in done.stdout
    assert (tmp_path / "joint.svg").read_text(encoding="utf-8").startswith("<svg")
    wrong = tcpsim("explore", "handshake-and-close", "--diagram", "joint.bmp", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "ends in .svg, .gv or .dot" in one_line(wrong.stderr)
