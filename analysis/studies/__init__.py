"""The studies: each compares runs with the figures of the 2019 paper on one of its questions.

This file only lists the studies. It imports none of them, so that `bench study --help` does not load pandas.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Study:
    """One question, answered by run_study.py. `paper` names the paper's tables and figures that it repeats, if any."""

    name: str
    title: str
    question: str
    paper: str = ""


STUDIES = {
    study.name: study
    for study in (
        Study(
            "virtualization",
            "What containers cost",
            "How much slower is an inference in a container, and what makes the difference?",
            "Fig. 13",
        ),
        Study(
            "devices",
            "Devices, each with its best framework",
            "How long does an inference take on each device, with the framework that is fastest there?",
            "Fig. 2, Table V",
        ),
        Study(
            "frameworks",
            "Frameworks on one device",
            "Which framework is the fastest on a device, and by how much?",
            "Figs. 3, 4, 6 and 8",
        ),
        Study(
            "edge-specific",
            "Edge-specific against general frameworks",
            "What does a framework gain that is made for deployment alone, over one that trains as well?",
            "Figs. 7 and 8",
        ),
        Study(
            "edge-hpc",
            "Edge against HPC",
            "How much faster is a large machine than an edge device, at one inference at a time?",
            "Figs. 9 and 10",
        ),
        Study(
            "stack",
            "The software stack, phase by phase",
            "Where does the time go before the first answer, and in a short script?",
            "Fig. 5",
        ),
        Study(
            "models",
            "Models by work per parameter",
            "Which networks are bound by arithmetic and which by memory, and how fast is each computed?",
            "Table I, Figs. 1 and 9",
        ),
        Study(
            "precision",
            "Quantization and precision",
            "What do int8 and fp16 gain in time and size, and how far do they move the outputs?",
            "Table II, the talk's slides",
        ),
        Study(
            "pareto",
            "Trade-offs",
            "Which choices are not beaten in latency, energy and nearness to the fp32 network at once?",
            "Figs. 11 and 12",
        ),
        Study("energy", "Energy per inference", "How much energy does an inference take?", "Fig. 11"),
        Study(
            "power",
            "Power against time",
            "Does a device save energy by taking less power, or by being done sooner?",
            "Fig. 12, Table III",
        ),
        Study(
            "temperature",
            "Temperature",
            "How warm does a device become under steady inference?",
            "Fig. 14, Table VI",
        ),
    )
}
