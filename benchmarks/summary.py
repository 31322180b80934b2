"""What a few measured values have in common."""

import math
import statistics


def summarise(values):
    """Summarise measured values.

    Args:
      values: a list of float, at least one.

    Returns:
      A dictionary: number (int), mean, deviation, min, median, max (float). The deviation is that
      of a sample (divided by number - 1): the seeds stand for all that could have been taken. It
      is None for a single value.
    """
    return {"number": len(values), "mean": significant(statistics.fmean(values)),
            "deviation": significant(statistics.stdev(values)) if len(values) > 1 else None,
            "min": min(values), "median": significant(statistics.median(values)),
            "max": max(values)}


def mean_and_deviation(summary, decimals):
    """Format a summary as "0.9206 ± 0.0010"; without the second part for a single value."""
    text = f"{summary['mean']:.{decimals}f}"
    if summary["deviation"] is not None:
        text += f" ± {summary['deviation']:.{decimals}f}"
    return text


def median_and_range(summary, decimals):
    """Format a summary as "2.51 (2.48–2.60)": median, least and largest value."""
    return (f"{summary['median']:.{decimals}f} "
            f"({summary['min']:.{decimals}f}–{summary['max']:.{decimals}f})")


def significant(value, digits=6):
    """Round a float to so many digits, so that a results file does not tell more than measured."""
    if not value or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))
