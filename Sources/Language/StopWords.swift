/// English function words that carry no topic: where RAKE cuts a text into candidate phrases.
///
/// Pronouns, articles, prepositions, conjunctions, auxiliaries with their contractions, and the commonest adverbs, lower case with
/// straight apostrophes. A list of our own: the lists that RAKE was published with (Fox 1989, or one generated from a corpus) hold
/// several hundred words more.
public let englishStopWords = Set(
  """
  a about above after again against all almost along already also although always am among an and another any anyone anything
  are aren't around as at away be became because become been before being below between both but by can can't cannot could
  couldn't did didn't do does doesn't doing don't done down during each either else enough etc even ever every everyone
  everything few for from further get gets getting give given gives go goes going got had hadn't has hasn't have haven't having
  he he's her here here's hers herself him himself his how however i i'd i'll i'm i've if in instead into is isn't it it'd
  it'll it's its itself just let let's like made make makes many may maybe me might mine more most much must my myself neither
  never no nobody none nor not nothing now of off often oh ok okay on once one only onto or other others our ours ourselves out
  over own per perhaps please quite rather really same shall she she's should shouldn't since so some someone something
  sometimes soon still such than that that's the their theirs them themselves then there there's therefore these they they'd
  they'll they're they've thing things this those though through thus to together too toward towards under unless until up upon
  us use used uses using very via was wasn't we we'd we'll we're we've well were weren't what what's when where where's whether
  which while who who's whom whose why will with within without won't would wouldn't yes yet you you'd you'll you're you've
  your yours yourself yourselves
  """.split(whereSeparator: \.isWhitespace).map(String.init))
