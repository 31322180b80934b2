"""Evaluating a network on more examples than should be computed at once."""

import numpy as np

CHUNK_SIZE = 2500  # digits; larger chunks are hardly faster on a CPU, smaller ones slower


def run_in_chunks(sess, fetches, feed_dict, chunk_size=CHUNK_SIZE):
    """Do what `sess.run(fetches, feed_dict)` does, in chunks of examples.

    Memory stays bounded, on a GPU too: in stage 3.1 the activations of 10,000 digits would take
    more than 300 MB, those of a chunk take a quarter of that.

    Args:
      sess: an object with the method `run` of a TensorFlow 1 session.
      fetches: a list of tensors. Each gives a mean over the examples (a scalar) or one row for
        each example (its first dimension is the number of examples).
      feed_dict: a dictionary of placeholders and values. Arrays of one row for each example are
        cut in chunks; scalars (a probability, a step) are fed as they are.
      chunk_size: int, the number of examples in a chunk.

    Returns:
      A list with a value for each fetch: scalars are averaged over all examples, float64; rows
      are concatenated.

    Raises:
      ValueError: the arrays fed do not have the same number of examples, or have none.
    """
    lengths = {len(value) for value in feed_dict.values() if np.ndim(value) > 0}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"the arrays fed need one and the same number of examples, above 0; "
                         f"they have {sorted(lengths)}")
    num_examples = lengths.pop()

    results, chunk_lengths = [], []
    for start in range(0, num_examples, chunk_size):
        chunk = slice(start, min(start + chunk_size, num_examples))
        chunk_lengths.append(chunk.stop - chunk.start)
        results.append(sess.run(fetches, {key: value[chunk] if np.ndim(value) > 0 else value
                                          for key, value in feed_dict.items()}))
    return [np.average(values, weights=chunk_lengths) if np.ndim(values[0]) == 0
            else np.concatenate(values) for values in zip(*results)]
