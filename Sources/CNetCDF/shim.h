// netCDF's header, and the lines that Swift cannot import, each with its reason.
#ifndef ESCAPEMENT_CNETCDF_SHIM_H
#define ESCAPEMENT_CNETCDF_SHIM_H

#include <netcdf.h>
#include <netcdf_mem.h>

// A negative number without parentheses: Swift leaves the macro out.
enum { escapement_nc_global = NC_GLOBAL };

#endif
