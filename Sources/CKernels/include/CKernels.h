#ifndef ESCAPEMENT_CKERNELS_H
#define ESCAPEMENT_CKERNELS_H

#include "chain_kernel.h"
#include "instruction_set.h"
#include "squares_chain_kernel.h"
#include "squares_diffusion_kernel.h"
#include "network_chain_kernel.h"
#include "normal_kernel.h"
#include "philox.h"
#include "philox_generator.h"
#include "random_stream.h"
#include "rows_kernel.h"
#include "sde_kernel.h"
#include "sgd_kernel.h"
#include "wide_chain_kernel.h"
#include "xoshiro.h"
#include "xoshiro_generator.h"

#endif
