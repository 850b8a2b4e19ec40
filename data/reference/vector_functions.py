#!/usr/bin/python3
"""Makes the coefficients of the kernels' erf, exp, log(1 + e^-x) and arcsine: Sources/CKernels/function_coefficients.h.

Chebyshev interpolation in forty digits, turned into powers, highest first. Prints the largest error of each in units of the
function's own last place, without rounding. Needs mpmath.
"""

from mpmath import mp, mpf, asin, chebyfit, erf, erfc, exp, expm1, log, log1p, polyval, sqrt

mp.dps = 40

# Where the tail of erf takes over, in x; beyond 8.6 it is below rounding. The tail's variable is t = (x - C)/(x + C).
JOIN, LAST, C = mpf(1), mpf("8.6"), mpf(3)


def tail(t):
    x = C * (1 + t) / (1 - t)
    return erfc(x / sqrt(2)) * exp(x * x / 2) * (x + C)


def ratio(f, x, slope):
    return slope if x == 0 else f(x) / x


HALF_LOG = log(2) / 2
FITS = [
    # name, function, interval, terms
    ("ERF", lambda y: ratio(lambda s: erf(s / sqrt(2)), sqrt(y), sqrt(2 / mp.pi)), (0, JOIN**2), 10),
    ("ERF_TAIL", tail, ((JOIN - C) / (JOIN + C), (LAST - C) / (LAST + C)), 20),
    # (e^r - 1 - r)/r^2
    ("EXP", lambda r: (expm1(r) - r) / r**2 if r else mpf(1) / 2, (-HALF_LOG, HALF_LOG), 11),
    # atanh(s)/s in s^2: log(1 + y) = 2 atanh(y/(2 + y)), y in [0, 1]
    ("ATANH", lambda z: ratio(mp.atanh, sqrt(z), mpf(1)), (0, mpf(1) / 9), 11),
    ("ASIN", lambda z: ratio(asin, sqrt(z), mpf(1)), (0, mpf(1) / 4), 14),
]

if __name__ == "__main__":
    print("// Made by data/reference/vector_functions.py. Powers, the highest first.")
    print("#ifndef ESCAPEMENT_FUNCTION_COEFFICIENTS_H\n#define ESCAPEMENT_FUNCTION_COEFFICIENTS_H\n")
    for name, function, interval, terms in FITS:
        powers = [float(c) for c in chebyfit(function, interval, terms)]
        low, high = map(mpf, interval)
        worst = max(
            abs(polyval([mpf(c) for c in powers], x) / function(x) - 1)
            for x in (low + (high - low) * i / 997 for i in range(1, 997)))
        print(f"// Relative error {mp.nstr(worst, 2)}.")
        print(f"static const double esc_{name.lower()}_powers[{terms}] = {{")
        for i in range(0, terms, 3):
            print("    " + ", ".join(c.hex() for c in powers[i : i + 3]) + ",")
        print("};\n")
    print("#endif")
