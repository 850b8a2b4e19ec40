// The excess risk of squared activations with one teacher unit,
// ½(1 − Σ a/p)² + 1 + Σ_j (a_j/p)·((a_j/p − 2·m_j²) + 2·Σ_{l<j} (a_l/p)·Q_jl²) where Q_jj = 1.
#ifndef ESCAPEMENT_SQUARES_RISK_H
#define ESCAPEMENT_SQUARES_RISK_H

#include <stdint.h>

#pragma STDC FP_CONTRACT OFF

// The part that no overlap moves.
static inline double esc_risk_constant(const double *weights, uint64_t width) {
  double rest = 1;
  for (uint64_t j = 0; j < width; j++) rest -= weights[j] / (double)width;
  return (0.5 * rest) * rest + 1.0;
}

// What student j adds, for one replica or for lanes: `share` is a_j/p, `squares` is
// Σ_{l<j} (a_l/p)·Q_jl².
#define ESC_RISK_TERM(share, m, squares) \
  ((share) * (((share) - 2.0 * ((m) * (m))) + 2.0 * (squares)))

// Fills the Gram matrix m mᵀ + B Bᵀ of a start and returns its risk, with Q_jj as it comes. Numbers of
// an array are `apart` from each other; columns of B and rows of Q are `stride` apart, or packed lower
// triangles where it is 0.
static inline double esc_squares_start(
    const double *weights, uint64_t p, const double *m, const double *b, double *q, uint64_t apart,
    uint64_t stride) {
  double trace = 1, risk = 1, width = (double)p;
  for (uint64_t j = 0; j < p; j++) {
    double *const row = q + (stride ? j * stride : j * (j + 1) / 2 * apart);
    for (uint64_t l = 0; l <= j; l++) {
      double sum = m[j * apart] * m[l * apart];
      for (uint64_t i = 0; i <= l; i++) {
        const uint64_t at = stride ? i * stride : (i * p - i * (i - 1) / 2 - i) * apart;
        const double *const column = b + at;
        sum += column[j * apart] * column[l * apart];
      }
      row[l * apart] = sum;
      risk += (j == l ? 1.0 : 2.0) * (weights[j] / width) * (weights[l] / width) * (sum * sum);
      if (j == l) trace -= weights[j] / width * sum;
    }
    risk -= 2.0 * (weights[j] / width) * (m[j * apart] * m[j * apart]);
  }
  return 0.5 * trace * trace + risk;
}

#endif
