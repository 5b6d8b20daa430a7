"""What plot_sweep.py says above its curves: how they compare, where the best point is, which end early.

`layout` is that of plot_sweep.py: x, colour (axes), facets (label, rows), over_batches, curves(rows).
"""
import pandas as pd

from .batches import knee_of
from .sweeps import name_of


def best_text(layout, rows, y):
    """The best point of some rows, and where it is."""
    best = rows.loc[rows[y].astype(float).idxmax()]
    place = layout.x.prefixed(layout.x.labels[best.name])
    return best, f"{best[y]:,.0f}" if best[y] >= 100 else f"{best[y]:.3g}", place


def ratio_title(layout, ok, column):
    """How two curves compare at the same places: "A gives 0.97 to 16 times the items/s of B"."""
    first, second = layout.colour.order
    facet = pd.Series({index: number for number, (_, rows) in enumerate(layout.facets) for index in rows.index})
    both = ok.assign(facet=facet, place=layout.x.labels, curve=layout.colour.labels).pivot_table(
        index=["facet", "place"], columns="curve", values=column, aggfunc="first").dropna()
    if both.empty or len(both.columns) < 2 or (both[[first, second]] <= 0).any(axis=None):
        return ""
    ratio = (both[second] / both[first]).astype(float)
    if ratio.max() < 1 / ratio.min():
        first, second, ratio = second, first, 1 / ratio
    if ratio.max() < 1.005:
        return f"{layout.colour.prefixed(first)} and {layout.colour.prefixed(second)} are the same everywhere"
    number, place = ratio.idxmax()
    where = ", ".join(filter(None, [layout.facets[number][0], layout.x.prefixed(place)]))
    least = f"{ratio.min():.2g}" if ratio.min() < 0.995 else "1"
    return (f"{layout.colour.prefixed(second)}: {least} to {ratio.max():.3g} times the {'items/s' if column == 'throughput_avg' else name_of(column)} "
            f"of {layout.colour.prefixed(first)}, most at {where}")


def title_of(layout, ok, y):
    """What to see: how two curves compare, the highest point of each where there are few, the knees of networks, or the highest of all."""
    column, unit = y or "throughput_avg", f" {name_of(y)}" if y else " items/s"
    several = len(layout.facets) > 1
    if layout.colour and len(layout.colour) == 2 and several and (text := ratio_title(layout, ok, column)):
        return text
    if not layout.colour and several and layout.over_batches and not y:
        knees = [(text, knee_of(ok[ok.index.isin(rows.index)])) for text, rows in layout.facets]
        return "Knee: " + "; ".join(f"{text} B={int(knee['batch_size'])}" for text, knee in knees if knee is not None)
    if layout.colour and not several and len(layout.colour) <= 3:
        parts = []
        for label, rows, _ in layout.curves(ok):
            _, number, place = best_text(layout, rows, column)
            parts.append(f"{label}: at most {number}{unit if not parts else ''} at {place}")
        return "; ".join(parts)
    best, number, place = best_text(layout, ok, column)
    where = [layout.colour.prefixed(layout.colour.labels[best.name])] if layout.colour else []
    facet = next((text for text, rows in layout.facets if best.name in rows.index), "")
    text = f"At most {number}{unit}, at " + ", ".join(filter(None, [facet, *where, place]))
    if not layout.colour and not several and layout.over_batches and not y:
        knee = knee_of(ok)
        text += f"; knee at B={int(knee['batch_size'])} with {knee['throughput_avg']:,.0f}"
    return text


def ends_text(layout, rows):
    """Which curves end early, and why, where there are few of them."""
    sentences = []
    for label, own, _ in layout.curves(rows) if layout.over_batches and layout.colour and len(layout.facets) == 1 else []:
        last = own[own["status"] == "ok"]["batch_size"].max()
        bad = own[(own["status"] != "ok") & (own["batch_size"] > last)].sort_values("batch_size")
        if not bad.empty and pd.notna(bad.iloc[0]["infeasible_wanted_bytes"]):
            first = bad.iloc[0]
            sentences.append(f"{label} ends at B={int(last)}: {int(first['batch_size'])} would want {int(first['infeasible_wanted_bytes']):,} bytes "
                             f"of {first['infeasible_resource']}, there are {int(first['infeasible_available_bytes']):,}")
    return ". ".join(sentences) if len(sentences) <= 2 else ""
