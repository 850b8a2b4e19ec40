#ifndef ESCAPEMENT_CKERNELS_H
#define ESCAPEMENT_CKERNELS_H

#include "philox.h"
#include "philox_generator.h"

#endif
