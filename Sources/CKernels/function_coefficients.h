// Made by data/reference/vector_functions.py. Powers, the highest first.
#ifndef ESCAPEMENT_FUNCTION_COEFFICIENTS_H
#define ESCAPEMENT_FUNCTION_COEFFICIENTS_H

// Relative error 8.6e-17.
static const double esc_erf_powers[10] = {
    -0x1.8cf8f687a0badp-33, 0x1.32164a24d577bp-28, -0x1.61ac94b6f7340p-24,
    0x1.6584f4618d629p-20, -0x1.3ce8d694602b3p-16, 0x1.e42b0c1d80199p-13,
    -0x1.37403f68abe11p-9, 0x1.46d0429761bc8p-6, -0x1.1058377e2ce6ep-3,
    0x1.9884533d43650p-1,
};

// Relative error 6.5e-17.
static const double esc_erf_tail_powers[20] = {
    0x1.9f3408052b2e1p-24, -0x1.75361d4505f66p-22, -0x1.38a38ce109187p-20,
    -0x1.3f8b53c62a565p-24, 0x1.2daf272812719p-18, 0x1.e9f1fb18052d4p-18,
    -0x1.d7b1fbec95be4p-18, -0x1.5b1f31d2c913ep-15, -0x1.bc7d359d6af29p-16,
    0x1.4a905df0d8293p-13, 0x1.43c9f5df67ff8p-12, -0x1.0d09e955a23cfp-11,
    -0x1.12285f1f1f864p-9, 0x1.0d608c8755036p-9, 0x1.c8f52c32a4d02p-7,
    -0x1.56d8e3d7eb549p-6, -0x1.832dbf6992aeap-4, 0x1.d71387c654c89p-2,
    -0x1.04c7295a48f33p+0, 0x1.754a751a56f4ap+0,
};

// Relative error 4.9e-18.
static const double esc_exp_powers[11] = {
    0x1.1f72fc730b4ffp-29, 0x1.af4ddd84882fep-26, 0x1.27e4db67b4303p-22,
    0x1.71de02375656cp-19, 0x1.a01a01a6d7808p-16, 0x1.a01a01abe62ddp-13,
    0x1.6c16c16c162d6p-10, 0x1.11111111100dfp-7, 0x1.5555555555556p-5,
    0x1.5555555555557p-3, 0x1.0000000000000p-1,
};

// Relative error 2.3e-18.
static const double esc_atanh_powers[11] = {
    0x1.5d1081172f887p-4, 0x1.54f8c703ce149p-5, 0x1.f00852a5c69fap-5,
    0x1.106443d797a85p-4, 0x1.3b1e2bc8a12dep-4, 0x1.745caf74cbe5ep-4,
    0x1.c71c7445b2127p-4, 0x1.249249201beacp-3, 0x1.99999999a1c4fp-3,
    0x1.5555555555527p-2, 0x1.0000000000000p+0,
};

// Relative error 3.8e-18.
static const double esc_asin_powers[14] = {
    0x1.0ae3d8415ff12p-5, -0x1.56ed8b3ca32b7p-6, 0x1.63026d0d7730cp-6,
    0x1.e75550de0d565p-9, 0x1.61321491c7098p-7, 0x1.75847cdbae0e8p-7,
    0x1.ca20259c3bdefp-7, 0x1.1c49e34e05c97p-6, 0x1.6e8be020ef9afp-6,
    0x1.f1c71a826a620p-6, 0x1.6db6db726356fp-5, 0x1.333333332d538p-4,
    0x1.5555555555584p-3, 0x1.0000000000000p+0,
};

#endif
