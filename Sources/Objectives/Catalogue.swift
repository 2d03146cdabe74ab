/// Every objective on labelled pairs, one line each. A line here is all it takes to have an objective on the command line, in specifications,
/// in the tests that run over the catalogue, and in the methods table.
public let catalogue: [CatalogueEntry] = [
  .objective(DPO.self),
  .objective(IPO.self),
  .objective(BFPO.self),
  .objective(ConservativeDPO.self),
  .objective(RobustDPO.self),
  .objective(Hinge.self),
  .objective(SFT.self),
  .objective(DPOWithSFT.self),
  .objective(CPO.self),
  .objective(SimPO.self),
  .objective(ORPO.self),
  .objective(KTO.self),
  .objective(SafeKTO.self),
  .objective(SafeDPO.self),
  .objective(BSO.self),
  .objective(ConstrainedDPO.self),
  .objective(MoCAN.self),
  .objective(PeCAN.self),
  .objective(MODPO.self),
]

/// Every objective on the policy's own responses, and named settings of them.
public let rolloutCatalogue: [CatalogueEntry] = [
  .rollout(SafeRLHF()),
  .rollout(SafeRLHF.script, card: SafeRLHF.scriptCard),
  .rollout(SafeRLHF.paper, card: SafeRLHF.paperCard),
]
