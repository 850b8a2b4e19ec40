"""The SDE in torchsde: Euler–Maruyama with fixed steps, in double, all replicas as one batch.

Prints its cost beside the program's and its mean exit time. PyTorch is a large install, so that this
peer stands apart from compare.py: see README.md.
"""

import os

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import math
import statistics
from importlib.metadata import version

import torch
import torchsde

from tasks import RATE, SDE_STEP, boundary, clock, polynomials, program

from measure import figure, machine, table, write_section

START = 0.1
DIMENSION = 3000
REPLICAS = 1024
HORIZON = 3000


class Diffusion(torch.nn.Module):
    noise_type = "diagonal"
    sde_type = "ito"

    def __init__(self, dimension):
        super().__init__()
        self.drift, self.variance = polynomials()
        self.scale = RATE / dimension

    def f(self, t, m):
        return m * poly(self.drift, m * m)

    def g(self, t, m):
        return torch.sqrt(torch.clamp(poly(self.variance, m * m), min=0) * self.scale)


def poly(coefficients, x):
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


def paths(equation, replicas, steps, keep):
    """All states after each step, or only the last."""
    start = torch.full((replicas, 1), START, dtype=torch.float64)
    times = torch.arange(steps + 1, dtype=torch.float64) * SDE_STEP
    with torch.no_grad():
        return torchsde.sdeint(
            equation, start, times if keep else times[[0, -1]], method="euler", dt=SDE_STEP)


def main():
    torch.set_num_threads(1)
    torch.manual_seed(11)
    equation = Diffusion(DIMENSION)
    options = {"scheme": "euler-maruyama", "monitoring": "grid", "time_step": SDE_STEP,
               "finite_size_drift": "false"}
    own = lambda: program("sde", DIMENSION, 200000, START, **options)
    mean, error, before = own()
    steps = 200
    seconds = sorted(
        s / (REPLICAS * steps) * 1e9
        for s in clock(lambda: paths(equation, REPLICAS, steps, False)))
    states = paths(equation, REPLICAS, HORIZON, True)[1:, :, 0].abs()
    out = states >= boundary(START)
    assert out.any(0).all(), "a replica did not leave"
    times = (out.to(torch.int64).argmax(0) + 1).to(torch.float64) * SDE_STEP
    after = own()[2]
    average, spread = times.mean().item(), times.std().item() / math.sqrt(REPLICAS)
    z = (average - mean) / math.hypot(spread, error)
    cost, base = statistics.median(seconds), statistics.median([before, after])
    rows = [
        ["this program", figure(base), "1", f"{mean:.4f} ± {error:.4f}", "–"],
        ["torchsde, double", figure(cost), f"{cost / base:,.0f}", f"{average:.4f} ± {spread:.4f}",
         f"{z:+.1f}"]]
    write_section("torchsde", "\n\n".join([
        "## torchsde", machine(),
        f"torch {version('torch')}, torchsde {version('torchsde')}; the SDE's task of the table "
        f"above with {REPLICAS:,} replicas abreast, median of five runs on one core. Made by "
        "`make benchmark-peers-torch`.",
        table(["by", "ns a path-step", "times the program", "mean exit time τ", "z"], rows)]))
    if abs(z) > 5:
        raise SystemExit(f"torchsde disagrees with the program: z = {z:.1f}")


if __name__ == "__main__":
    main()
