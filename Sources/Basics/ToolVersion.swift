/// The version of this toolkit, as in `CITATION.cff`.
public let toolVersion = "0.1.0"
