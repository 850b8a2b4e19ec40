import CGSL

/// Holds the version of the GSL library that the process runs, for example "2.7.1".
public let gslVersion = String(cString: escapement_gsl_version())
