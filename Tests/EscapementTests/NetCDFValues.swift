import CNetCDF
import NetCDF
import Testing

/// Reads whole variables of a netCDF file by the C library itself, in its turn among the other tests.
func netCDFValues(_ path: String, _ variables: [(name: String, count: Int)]) throws -> [[Double]] {
  try withNetCDFAlone {
    var (file, variable): (Int32, Int32) = (-1, -1)
    try #require(nc_open(path, NC_NOWRITE, &file) == NC_NOERR)
    defer { nc_close(file) }
    return try variables.map { name, count in
      try #require(nc_inq_varid(file, name, &variable) == NC_NOERR, "\(name)")
      var values = [Double](repeating: 0, count: count)
      try #require(nc_get_var_double(file, variable, &values) == NC_NOERR)
      return values
    }
  }
}
