#include "yardstick.h"

#include <gsl/gsl_randist.h>
#include <math.h>

uint64_t yard_chain(
    gsl_rng *rng, double *m, uint64_t d, double rate, double weight, double noise,
    double boundary, uint64_t steps) {
  double overlap = *m, inverse = 1.0 / (double)d, gain = 2.0 * rate * weight * inverse;
  uint64_t n = 0;
  while (n < steps) {
    double g1 = gsl_ran_gaussian_ziggurat(rng, 1.0), g2 = gsl_ran_gaussian_ziggurat(rng, 1.0);
    double z = gsl_ran_gaussian_ziggurat(rng, 1.0);
    double norm = g1 * g1 + g2 * g2;
    if (d > 2) norm += gsl_ran_chisq(rng, (double)(d - 2));
    double b = sqrt(fmax(0.0, 1.0 - overlap * overlap));
    double field = overlap * g1 + b * g2;
    double h = gain * (g1 * g1 - weight * field * field + noise * z) * field;
    overlap = (overlap + h * g1) / sqrt(1.0 + h * (2.0 * field + h * norm));
    n++;
    if (!(fabs(overlap) < boundary)) break;
  }
  *m = overlap;
  return n;
}
