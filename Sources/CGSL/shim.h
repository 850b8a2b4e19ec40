// GSL's headers, and the few lines that Swift cannot import, each with its reason.
#ifndef ESCAPEMENT_CGSL_SHIM_H
#define ESCAPEMENT_CGSL_SHIM_H

#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_chebyshev.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_histogram.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_multiroots.h>
#include <gsl/gsl_odeiv2.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_roots.h>
#include <gsl/gsl_sf_bessel.h>
#include <gsl/gsl_sf_erf.h>
#include <gsl/gsl_sf_expint.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>
#include <gsl/gsl_statistics_double.h>
#include <gsl/gsl_version.h>

// Swift 6 refuses GSL's global pointers as shared mutable state, though GSL never writes
// them: read each through a function.

static inline const char *escapement_gsl_version(void) { return gsl_version; }

static inline const gsl_root_fsolver_type *escapement_root_brent(void) {
  return gsl_root_fsolver_brent;
}

static inline const gsl_multiroot_fdfsolver_type *escapement_multiroot_hybrid(void) {
  return gsl_multiroot_fdfsolver_hybridsj;
}

static inline const gsl_integration_fixed_type *escapement_fixed_hermite(void) {
  return gsl_integration_fixed_hermite;
}

enum { escapement_ode_stepper_count = 11 };

static inline const gsl_odeiv2_step_type *escapement_ode_stepper(int index) {
  const gsl_odeiv2_step_type *const steppers[escapement_ode_stepper_count] = {
      gsl_odeiv2_step_rk2,    gsl_odeiv2_step_rk4,    gsl_odeiv2_step_rkf45,
      gsl_odeiv2_step_rkck,   gsl_odeiv2_step_rk8pd,  gsl_odeiv2_step_rk1imp,
      gsl_odeiv2_step_rk2imp, gsl_odeiv2_step_rk4imp, gsl_odeiv2_step_bsimp,
      gsl_odeiv2_step_msadams, gsl_odeiv2_step_msbdf,
  };
  return steppers[index];
}

#endif
