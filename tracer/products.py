"""How the matrices of products lie in memory: either way is the same numbers at the same indices."""

from __future__ import annotations

from typing import Literal

Order = Literal["C", "F"]
"""Which index of a matrix is the next number in memory: of its last axis, or of its first."""


def order_of(out: int, into: int) -> Order:
    """How W [out, in] is to lie: [in, out] ("F") where it is wide, out > in, and else [out, in] ("C").

    Decoding multiplies one row at a time, which takes as long as W takes to come from memory, and both ways don't come
    equally fast. Stored [in, out], every input adds its line of W, as long as the result, to the result; stored
    [out, in], every output is a sum of its own, over a line as long as the row. Each line costs something to begin and
    to end, so that the way of the longer lines wins; where they are equal, that which does not write the result again
    for every line.

    One row, float32, OpenBLAS of NumPy 2.3 on a Xeon, GB/s stored [in, out] and [out, in]; the matrices are together
    larger than its cache, but for 768 × 50257 in one thread and 768 × 768 in two:

        [in, out]      one thread     two threads
        512 × 2048     19.8   15.0    33.6   30.5
        768 × 3072     18.9   14.7
        768 × 50257    17.9   14.3    36.3   31.9
        768 × 768      15.8   15.1    49.1   64.6
        2048 × 512     15.3   18.8    24.3   36.4
        3072 × 768     15.7   18.7    24.8   34.6

    Of several rows [out, in] is the faster way of all shapes, which is what wide ones give up: mostly a tenth to a
    fifth, and of a vocabulary a third at a few rows, the less the more rows there are.
    """
    return "F" if out > into else "C"
