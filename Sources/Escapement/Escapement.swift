@_exported import Dynamics
@_exported import Ensemble
@_exported import Statistics

/// Names this version of Escapement.
public let escapementVersion = "0.2.0"
