import Basics
import Foundation
import Objectives
import TestSupport
import Testing

/// Naming an objective and setting its hyper-parameters.
@Suite struct CatalogueTests {
  @Test func `names are unique, lowercase and have complete cards`() {
    let names = catalogue.flatMap { [$0.card.id] + $0.card.aliases }
    #expect(Set(names).count == names.count && names.allSatisfy { $0 == $0.lowercased() })
    for card in catalogue.map(\.card) {
      #expect(card.id == card.id.lowercased() && !card.id.isEmpty)
      for text in [
        card.title, card.equation, card.source, card.citationKey, card.conventions, card.stationaryPoint, card.stepZero,
      ] {
        #expect(!text.isEmpty, "\(card.id)")
      }
      #expect(!card.labels.isEmpty && !card.populationOptimum.isEmpty, "\(card.id)")
      #expect(card.source.contains("arXiv"), "\(card.id)")
      #expect(card.tauDirection.contains("τ"), "\(card.id)")
    }
  }

  @Test func `every card's source is in the bibliography, with its arXiv number`() throws {
    let text = try String(contentsOf: packageRoot.appending(path: "Paper/references.bib"), encoding: .utf8)
    let entries = text.split(separator: "\n@").map { $0.hasPrefix("@") ? $0.dropFirst() : $0 }
    for card in catalogue.map(\.card) {
      let entry = entries.first { $0.contains("{\(card.citationKey),") }
      #expect(entry != nil, "\(card.citationKey)")
      if card.citationKey != "mitchell2023cdpo", let number = card.source.firstMatch(of: /arXiv (\d{4}\.\d{5})/) {
        #expect(entry?.contains(number.1) == true, "\(card.id): \(number.1)")
      }
    }
  }

  @Test func `case does not matter in an objective's name`() throws {
    #expect(try catalogueEntry("BFPO").card.id == "bfpo")
  }

  @Test(arguments: ["cdpo", "CDPO", "c-dpo"]) func `a bare cdpo gets a hint that it means two things`(name: String) {
    let error = #expect(throws: UserError.self) { try catalogueEntry(name) }
    #expect(error?.exitCode == .usage)
    #expect(error?.advice?.contains("constrained-dpo") == true)
    #expect(error?.advice?.contains("conservative-dpo") == true)
  }

  @Test func `soft labels and safety flags need no order`() {
    let unordered = Set(catalogue.map(\.card).filter { !$0.labels.contains(.order) }.map(\.id))
    #expect(unordered == ["constrained-dpo", "mocan", "pecan", "safe-kto"])
  }

  @Test(arguments: [
    ("slic", "hinge"), ("RDPO", "robust-dpo"), ("rpo", "dpo-sft"), ("label-smoothing", "conservative-dpo"),
    ("safe-dpo", "safedpo"),
  ])
  func `an alias is as good as the name`(alias: String, id: String) throws {
    #expect(try catalogueEntry(alias).card.id == id)
  }

  @Test func `other codebases' names of hyper-parameters are known`() throws {
    #expect(try catalogueEntry("orpo").canonicalName("beta") == "lambda")
    #expect(try catalogueEntry("simpo").canonicalName("simpo_gamma") == "gamma")
    #expect(try catalogueEntry("dpo-sft").canonicalName("rpo_alpha") == "anchor")
    #expect(try catalogueEntry("bfpo").canonicalName("alpha") == "alpha")
    #expect(try catalogueEntry("sft").canonicalName("beta") == nil)
    for entry in catalogue {
      for (alias, name) in entry.card.parameterAliases where alias != "beta" {
        #expect(entry.parameters[name] != nil && alias == alias.lowercased(), "\(entry.card.id) \(alias)")
      }
    }
  }

  @Test(arguments: [
    ("conservative-dpo", "epsilon", 0.6), ("robust-dpo", "epsilon", 0.5), ("safedpo", "delta", -1), ("bso", "clamp", 0),
    ("bso", "lambda", 0), ("modpo", "safetyWeight", 1), ("constrained-dpo", "lambdaInitial", 21),
    ("constrained-dpo", "lambdaInterval", 0), ("dpo-sft", "anchor", -0.1), ("kto", "lambdaDesirable", -1),
    ("orpo", "lambda", -0.1), ("simpo", "gamma", -1),
  ])
  func `a hyper-parameter out of range is named`(id: String, name: String, value: Double) {
    let error = #expect(throws: UserError.self) { try catalogueEntry(id).make([name: .number(value)]) }
    #expect(error?.exitCode == .usage && error?.why?.hasPrefix(name) == true)
  }

  @Test func `an unknown objective gets the nearest name`() {
    let error = #expect(throws: UserError.self) { try catalogueEntry("bpfo", at: "spec.json5") }
    #expect(error?.exitCode == .usage && error?.location == "spec.json5")
    #expect(error?.advice == "did you mean `bfpo`?")
  }

  @Test func `beta is accepted and recorded as tau`() throws {
    for id in ["dpo", "ipo", "bfpo"] {
      let entry = try catalogueEntry(id)
      let recorded = try JSONValue(encoding: try entry.make(["beta": .number(0.37)]))
      #expect(recorded["tau"] == .number(0.37))
      #expect(recorded["beta"] == nil)
      #expect(try entry.make(["beta": .number(0.37)]).isEqual(to: try entry.make(["tau": .number(0.37)])))
    }
  }

  @Test func `B1 is b1`() throws {
    let entry = try catalogueEntry("bfpo")
    let objective = try #require(try entry.make(["B1": .number(2), "Alpha": .number(0.25)]) as? BFPO)
    #expect(objective.b1 == 2 && objective.alpha == 0.25 && objective.tau == BFPO().tau)
  }

  @Test func `a misspelt hyper-parameter gets the nearest name`() {
    let error = #expect(throws: UserError.self) {
      try catalogueEntry("bfpo").make(["taau": .number(1)], at: "spec.json5")
    }
    #expect(error?.what == "unknown hyper-parameter `taau` of bfpo")
    #expect(error?.advice == "did you mean `tau`?")
    #expect(error?.location == "spec.json5" && error?.exitCode == .usage)
  }

  @Test func `a hyper-parameter of another objective is unknown`() {
    #expect(throws: UserError.self) { try catalogueEntry("dpo").make(["alpha": .number(0.5)]) }
  }

  @Test func `two names of one hyper-parameter are an error`() {
    let error = #expect(throws: UserError.self) {
      try catalogueEntry("dpo").make(["tau": .number(1), "beta": .number(1)])
    }
    #expect(error?.exitCode == .usage && error?.advice == "give one of them")
  }

  @Test(arguments: [0, -0.1, .infinity, .nan]) func `τ must be positive and finite`(tau: Double) {
    for entry in catalogue where entry.canonicalName("tau") != nil {
      let error = #expect(throws: UserError.self) { try entry.make(["tau": .number(tau)]) }
      #expect(error?.exitCode == .usage, "\(entry.card.id)")
    }
    #expect(throws: UserError.self) { try catalogueEntry("bfpo").make(["b1": .number(1)]) }
  }

  @Test func `a wrong type names the hyper-parameter`() {
    let error = #expect(throws: UserError.self) { try catalogueEntry("ipo").make(["tau": .string("high")]) }
    #expect(error?.why?.contains("`tau`") == true)
    #expect(throws: UserError.self) { try catalogueEntry("ipo").make(["reduction": .string("median")]) }
  }

  @Test(arguments: catalogue) func `a record gives the objective back`(entry: CatalogueEntry) throws {
    let objective = try entry.make(["reduction": .string("mean")])
    let recorded = try #require(try JSONValue(encoding: objective).object)
    #expect(Set(recorded.keys) == Set(entry.parameters.keys))
    #expect(try entry.make(recorded).isEqual(to: objective))
  }
}

extension Objective {
  fileprivate func isEqual(to other: any Objective) -> Bool { (other as? Self) == self }
}
