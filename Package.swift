// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.strictMemorySafety(), .treatAllWarnings(as: .error)]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

let package = Package(
  name: "bfpo",
  products: [.executable(name: "bfpo", targets: ["bfpo"])],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .target(name: "CVectorMath", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "CBenchmark", cSettings: [.unsafeFlags(["-O3"])]),
    .target(
      name: "CMatrixEngine", exclude: ["pack_functions.inc", "panel_amx.inc"],
      cSettings: [.unsafeFlags(["-O3"])]),

    module("Basics", ["CVectorMath"]),
    module("Kernels", ["Basics", "CMatrixEngine", "COpenBLAS", "CVectorMath"]),
    module("ModelFiles", ["Basics"]),
    module("Language", ["Basics", "ModelFiles"]),
    module("Policies", ["Basics", "Kernels", "ModelFiles"]),
    module("Objectives", ["Basics"]),
    module("Preferences", ["Basics", "Language"]),
    module("Theory", ["Basics", "Kernels", "Objectives"]),
    module(
      "Training", ["Basics", "Kernels", "Policies", "Objectives", "Preferences", "Language"]),
    module(
      "Laboratory",
      [
        "Basics", "CBenchmark", "Kernels", "ModelFiles", "Language", "Policies", "Objectives", "Preferences",
        "Theory", "Training",
      ]),
    module("Plotting"),
    module("Reporting", ["Basics", "Laboratory", "Objectives", "Plotting", "Theory"]),
    .executableTarget(
      name: "bfpo",
      dependencies: [
        "Basics", "Kernels", "ModelFiles", "Language", "Policies", "Objectives", "Preferences",
        "Theory", "Training", "Laboratory", "Plotting", "Reporting",
      ], swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["Basics", "Language", "ModelFiles", "Plotting"], path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("BasicsTests", ["Basics"]),
    tests("CommandTests", ["Basics", "Language", "ModelFiles", "bfpo"]),
    tests("LanguageTests", ["Language", "ModelFiles", "Basics"]),
    tests("ModelFilesTests", ["ModelFiles", "Basics"]),
    tests("ObjectivesTests", ["Objectives", "Basics"]),
    tests(
      "LaboratoryTests",
      ["Basics", "Laboratory", "Language", "ModelFiles", "Objectives", "Policies", "Preferences", "Theory", "Training"]),
    tests("TrainingTests", ["Basics", "ModelFiles", "Objectives", "Policies", "Preferences", "Theory", "Training"]),
    tests(
      "PeersTests", ["Basics", "ModelFiles", "Language", "Policies", "Objectives", "Preferences", "Training"]),
    tests("KernelsTests", ["Kernels", "CMatrixEngine", "CVectorMath", "Basics"]),
    tests("PoliciesTests", ["Policies", "Kernels", "ModelFiles", "Basics"]),
    tests("PreferencesTests", ["Preferences", "Language", "Basics"]),
    tests("TheoryTests", ["Theory", "Objectives", "Basics"]),
    tests("PlottingTests", ["Plotting"]),
    tests("ReportingTests", ["Reporting", "Plotting", "Laboratory", "Objectives", "Basics"]),
  ],
  swiftLanguageModes: [.v6]
)
