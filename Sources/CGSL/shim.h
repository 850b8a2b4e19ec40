// GSL's headers, and the few lines that Swift cannot import, each with its reason.
#ifndef ESCAPEMENT_CGSL_SHIM_H
#define ESCAPEMENT_CGSL_SHIM_H

#include <gsl/gsl_errno.h>
#include <gsl/gsl_rng.h>

#endif
