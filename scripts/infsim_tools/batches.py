"""Questions about batch sizes that several scripts ask."""


def knee_of(ok):
    """The row (pandas) with the most throughput per latency, the smaller batch on a tie; None without rows."""
    if ok.empty:
        return None
    ok = ok.sort_values("batch_size")
    return ok.loc[(ok["throughput_avg"] / ok["latency_ms_p50"]).astype(float).idxmax()]


def best_cut(batch, seconds):
    """The least time of smaller batches that make up `batch`, one after the other; infinite where none do.

    `seconds` holds the time of each batch by itself: {batch: time}, in any unit.
    """
    least = [0.0] + [float("inf")] * batch
    for images in range(1, batch + 1):
        least[images] = min((least[images - part] + time for part, time in seconds.items() if part < batch and part <= images),
                            default=float("inf"))
    return least[batch]
