"""The plot of latency against the size of the corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks._latency_asking import BRUTE, EXACT, FAST, RANKED

COLOURS = {EXACT: "#08306b", FAST: "#4292c6", RANKED: "#cb181d", BRUTE: "#9a9a9a"}


def plot(file: Path, figures: dict[str, Any]) -> None:
    """Medians against corpus size, both axes logarithmic; the band reaches up to the 95th percentile."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    by_size = sorted(figures["corpus"].values(), key=lambda found: found["chunks"])
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for label, colour in COLOURS.items():
        with_it = [found for found in by_size if label in found["ways"]]
        sizes = [found["chunks"] for found in with_it]
        p50, p95 = ([found["ways"][label][which] for found in with_it] for which in ("p50", "p95"))
        axes.plot(sizes, p50, color=colour, marker="o", markersize=4)
        if label in (EXACT, RANKED):
            axes.fill_between(sizes, p50, p95, color=colour, alpha=0.12, linewidth=0)
        # The slow two end at nearly the same place, so one of them is named where it begins.
        end, offset = (0, (4, -12)) if label == BRUTE else (-1, (6, -3))
        axes.annotate(label, (sizes[end], p50[end]), offset, textcoords="offset points", fontsize=9, color=colour)
    if "korean" in figures:
        for label, each in figures["korean"]["ways"].items():
            axes.scatter(
                figures["korean"]["chunks"], each["p50"], marker="D", s=30, facecolors="none", edgecolors=COLOURS[label]
            )
        axes.scatter([], [], marker="D", s=30, facecolors="none", edgecolors="#333333", label="miracl-ko")
        axes.legend(frameon=False, fontsize=9, loc="upper left")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(right=by_size[-1]["chunks"] * 2.6)
    axes.set_xticks([found["chunks"] for found in by_size], [f"{found['chunks']:,}" for found in by_size])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("chunks")
    axes.set_ylabel("milliseconds, p50 (shaded: to p95)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)
