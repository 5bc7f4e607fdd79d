"""The meaning of colours and shapes in figures. All colours are legible on white and on near-black.

The colours are Okabe and Ito's, which remain distinct with the common colour deficiencies. Shapes and labels repeat
what the colours say.
"""

import altair as alt

BLUE, VERMILION, GREEN, ORANGE, VIOLET = "#2f8fd0", "#d55e00", "#009e73", "#e69f00", "#8a7fd6"
PINK, YELLOW, RED, SKY, GREY = "#cc79a7", "#d6c12b", "#cc3311", "#56b4e9", "#888888"
LINES = (BLUE, VERMILION, GREEN, ORANGE, VIOLET, PINK, YELLOW, GREY)  # of lines without a meaning but their name
ARMS = {"container": BLUE, "rootfs": ORANGE, "native": GREEN}
# The phases of a launch. Neighbours also differ in lightness.
PHASES = {"create": VIOLET, "start": YELLOW, "interpreter": GREY, "import": ORANGE, "load": PINK, "first": GREEN}

# Colour and shape by the source of a value, or by the conclusion about it.
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
JUDGED = {verdict: tone for verdict, tone in VERDICTS.items() if tone != PAPER}  # for figures without the paper
TONES = {"whose": WHOSE, "verdict": VERDICTS, "judged": JUDGED, "standing": STANDING, "way": WAYS}


def tones(column: str = "whose") -> tuple[alt.Color, alt.Shape]:
    """Return colour and shape by a column of TONES; they are the same in all figures that are joined."""
    known = TONES[column]
    legend = alt.Legend(orient="top", symbolSize=90, symbolOpacity=1)
    colours = alt.Scale(domain=list(known), range=[colour for colour, _ in known.values()])
    shapes = alt.Scale(domain=list(known), range=[shape for _, shape in known.values()])
    field = f"{column}:N"
    return (
        alt.Color(field, title=None, scale=colours, legend=legend),
        alt.Shape(field, title=None, scale=shapes, legend=legend),
    )
