"""What a colour and a shape say in a figure, none of which only one background can carry.

Okabe and Ito's colours, told apart with the common colour deficiencies on white and on near-black; shapes and labels
say the same a second time.
"""

import altair as alt

BLUE, VERMILION, GREEN, ORANGE, VIOLET = "#2f8fd0", "#d55e00", "#009e73", "#e69f00", "#8a7fd6"
PINK, YELLOW, RED, SKY, GREY = "#cc79a7", "#d6c12b", "#cc3311", "#56b4e9", "#888888"
LINES = (BLUE, VERMILION, GREEN, ORANGE, VIOLET, PINK, YELLOW, GREY)  # of lines that have nothing but a name
ARMS = {"container": BLUE, "rootfs": ORANGE, "native": GREEN}
# Of a launch, in an order in which neighbours differ in lightness too.
PHASES = {"create": VIOLET, "start": YELLOW, "interpreter": GREY, "import": ORANGE, "load": PINK, "first": GREEN}

# Whose a value is, or what was concluded of it: colour and shape.
PAPER, RUN = (VERMILION, "diamond"), (BLUE, "circle")
WHOSE = {"paper": PAPER, "run": RUN}
VERDICTS = {
    "paper: no interval": PAPER,
    "equivalent": (GREEN, "circle"),
    "different": (RED, "square"),
    "inconclusive": (VIOLET, "triangle-up"),
}
STANDING = {"not beaten": (GREEN, "circle"), "beaten": (GREY, "cross")}
WAYS = {
    "all on the same CPUs": (BLUE, "circle"),
    "each on CPUs of its own": (ORANGE, "square"),
    "one alone on such CPUs": (GREY, "diamond"),
}
JUDGED = {verdict: tone for verdict, tone in VERDICTS.items() if tone != PAPER}  # where the paper has nothing
TONES = {"whose": WHOSE, "verdict": VERDICTS, "judged": JUDGED, "standing": STANDING, "way": WAYS}


def tones(column: str = "whose") -> tuple[alt.Color, alt.Shape]:
    """Colour and shape by whose a value is, or by what was concluded of it; the same in all figures that are joined."""
    known = TONES[column]
    legend = alt.Legend(orient="top", symbolSize=90, symbolOpacity=1)
    colours = alt.Scale(domain=list(known), range=[colour for colour, _ in known.values()])
    shapes = alt.Scale(domain=list(known), range=[shape for _, shape in known.values()])
    field = f"{column}:N"
    return (
        alt.Color(field, title=None, scale=colours, legend=legend),
        alt.Shape(field, title=None, scale=shapes, legend=legend),
    )
