/// Every objective, one line each. A line here is all it takes to have an objective on the command line, in specifications,
/// in the tests that run over the catalogue, and in the methods table.
public let catalogue: [CatalogueEntry] = [
  .objective(DPO.self),
  .objective(IPO.self),
  .objective(BFPO.self),
  .objective(SafeDPO.self),
]
