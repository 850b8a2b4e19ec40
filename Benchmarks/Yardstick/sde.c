#include <gsl/gsl_randist.h>
#include <math.h>

#include "yardstick.h"

uint64_t yard_sde(
    gsl_rng *rng, double *m, const double drift[5], const double variance[5], double scale,
    double dt, double boundary, int bridge, uint64_t steps) {
  double x = *m, rate = scale * dt;
  uint64_t n = 0;
  while (n < steps) {
    double t = x * x;
    double p = (((drift[4] * t + drift[3]) * t + drift[2]) * t + drift[1]) * t + drift[0];
    double v = (((variance[4] * t + variance[3]) * t + variance[2]) * t + variance[1]) * t
               + variance[0];
    double spread = fmax(0.0, v * rate);
    double next = x + x * p * dt + sqrt(spread) * gsl_ran_gaussian_ziggurat(rng, 1.0);
    n++;
    double from = boundary - fabs(x), to = boundary - fabs(next);
    x = next;
    if (!(to > 0)) break;
    if (bridge && 2.0 * from * to < 38.0 * spread
        && exp(-2.0 * from * to / spread) > gsl_rng_uniform(rng))
      break;
  }
  *m = x;
  return n;
}
