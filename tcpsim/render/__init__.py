"""Pictures: pure functions of the transition table or of a trace.

Nothing here reads a clock, draws chance or looks at the environment: the same input gives the same bytes.
"""

from ..explain.describe import describe
from .diagram import Diagram, joint_diagram, state_diagram
from .errors import DrawingFailed, MissingTool, UnknownChoice
from .joint import Joint, joint_data, joint_diagram_dot, joint_of
from .joint_svg import joint_diagram_svg
from .ladder import ladder
from .ladder_svg import ladder_svg
from .pcap import pcapng
from .player import player
from .rows import FigureLine, LadderLine, figure_lines, ladder_lines
from .sequence_plot import sequence_svg
from .state_dot import render_dot, state_diagram_dot
from .state_mmd import state_diagram_mmd
from .state_svg import state_diagram_svg
from .variables_plot import variables_svg

__all__ = [
    "Diagram",
    "DrawingFailed",
    "FigureLine",
    "Joint",
    "LadderLine",
    "MissingTool",
    "UnknownChoice",
    "describe",
    "figure_lines",
    "joint_data",
    "joint_diagram",
    "joint_diagram_dot",
    "joint_diagram_svg",
    "joint_of",
    "ladder",
    "ladder_lines",
    "ladder_svg",
    "pcapng",
    "player",
    "render_dot",
    "sequence_svg",
    "state_diagram",
    "state_diagram_dot",
    "state_diagram_mmd",
    "state_diagram_svg",
    "variables_svg",
]
