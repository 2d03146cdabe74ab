/// Every command, one line each, in the order of the help. Each is a file in `Commands/`.
let commands: [Command] = [
  .sweepRun,
  .sweepPlan,
  .sweepStatus,
  .train,
  .score,
  .generate,
  .loss,
  .dataCheck,
  .dataInspect,
  .plot,
  .explain,
  .bench,
  .doctor,
  .completions,
]
