/**
 * Every number that the policy was tuned with: its unit, and why it is that. Shares are of 1. A gain is how much of the difference between what was
 * known and what was just seen is taken over. Tuned on the simulator's seeds 1 to 9; docs/simulator.md has what comes of them on others.
 */

// Slots of a machine

/** Slots of an app of which nothing is known. Most functions wait for others nearly all of their time, so many of them share a machine well. */
export const FIRST_SLOTS = 100;
/** Share of its time in flight that an invocation is taken to compute until a report says otherwise: what makes 100 slots right. */
export const FIRST_SHARE = 0.008;
/**
 * ms of CPU that a machine uses until its code has run often enough for its figures to be the code's. An emulated machine translates every block of
 * code when it first runs: that takes more than a second, in which a function that waits looks like one that computes.
 */
export const COLD_MS = 1_500;
/** Weight of a cold machine's figures beside a warm one's, which weigh 1. */
export const COLD_WEIGHT = 0.2;
/** Share of the invocations that ended. Where in flight are so many fewer at a report's end than at its beginning, most of what they did was before it. */
export const ENDING_SHARE = 0.5;
/** Share of an invocation's duration that its caller may wait for the event loop. */
export const DELAY_SHARE = 0.2;
/** Share of a CPU that a machine's invocations may use together: more leaves no room for what comes in bursts. */
export const MOST_BUSY = 0.8;
/** Share of a CPU from which on invocations are taken to queue for the event loop. */
export const SATURATED = 0.85;
/** ms of event loop delay: a loop that is so late is not given the CPU that it asks for, or does something else than to compute. */
export const LATE_MS = 50;
/** Turns of the event loop that an invocation waits for: its beginning, and what it waited for itself. */
export const TURNS_EACH = 2;
/** Invocations in flight, on average: a report of fewer says more of the machine's idling than of them. */
export const FEWEST_IN_FLIGHT = 0.05;
/** Least share of its time that an invocation is taken to compute: no number of slots follows from less. */
export const LEAST_SHARE = 1e-4;
/** CPUs that a machine may use by itself; while less than `AT_REST_UP_TO` invocations are in flight, this can't be told from what they use. */
export const AT_REST = 0.065;
export const AT_REST_UP_TO = 2;
/** Factor by which a report fades with each newer one: after five hundred it weighs a third. */
export const TURNS_FADE = 0.998;
/** Gain of the share that an invocation computes. */
export const SHARE_GAIN = 0.4;
/** Share of the present slots: a smaller change is not made, as it would only make them swing. */
export const DEAD_BAND = 0.15;
/** Factor by which slots grow at most with one report: what was learned of few is not true of many at once. */
export const FASTEST_GROWTH = 4;
/** Share of a machine's memory from which on it takes no more invocations at once than it has had. */
export const MEMORY_FULL = 0.85;
/** A machine's memory counts as grown only if a report exceeds the previous one by more than this share. */
export const STEADY_MEMORY = 0.03;
/** Machines that are looked at for one whose event loop is free: the choice is to take constant time. */
export const LOOKED_AT = 8;
/** ms that an event loop may be busy and still counts as free. */
export const SHORT_MS = 2;
/** ms without work from which on a machine's next report begins with its next work: reports come once a second. */
export const REST_MS = 1_000;

// Costs

/** ms: how far ahead demand is forecast at least, however quick a start is. */
export const SHORTEST_WINDOW_MS = 50;
/** Gain of the CPU that an app's machines use while they are held. */
export const IDLE_CPU_GAIN = 0.3;
/** CPUs: a smaller change of what idle machines use leaves idle plans as they are. */
export const SAME_CPU = 0.001;
/** ms: guesses until the first start and the first bind were seen. */
export const FIRST_START_MS = 300;
export const FIRST_BIND_MS = 30;
/** Gain of start-up and bind times, which vary with the host's load. */
export const START_TIME_GAIN = 0.15;
/** Share of binds for a waiting caller that found no blank ready: the guess before the first, and the gain. */
export const FIRST_MISSING = 0.1;
export const MISSING_GAIN = 0.05;
/** Gains of the memory that a bound machine holds: an app's, and that over all apps, which stands in for an app of which nothing is known. */
export const MEMORY_GAIN = 0.2;
export const MEMORY_GAIN_OF_ALL = 0.02;
/** MB that a machine is taken to hold, at most, until any was reported on. */
export const FIRST_MEMORY_MB = 128;
/** Share of a bound machine's memory that a blank is taken to hold, as nobody reports on blanks; and GB until any bound one was reported on. */
export const BLANK_SHARE_OF_MEMORY = 1 / 3;
export const FIRST_BLANK_GB = 0.05;

// Demand

/** Gains of demand's level, up and down: too many machines cost less than too few. */
export const RISE_GAIN = 0.6;
export const FALL_GAIN = 0.25;
/** Gain of the trend. */
export const TREND_GAIN = 0.5;
/** Share of a trend that is left after each start-up time: none goes on for long. */
export const TREND_DAMPING = 0.6;
/** Gain of the variance of what was forecast. */
export const VARIANCE_GAIN = 0.08;
/** Gains of the first peak after an idle time, up and down. */
export const ONSET_RISE = 0.5;
export const ONSET_FALL = 0.2;
/** sqrt(3) / pi: scale of a logistic distribution of variance 1. Its tails are heavier than a normal one's, as those of demand are. */
export const LOGISTIC_SCALE = 0.5513;
/** Invocations in flight: for a forecast of fewer no machine is started, as the idle plan decides of single calls. */
export const LEAST_DEMAND = 0.5;
/** Slots: they come in whole numbers, and what is forecast is a mean. */
export const ROUNDING = 0.5;
/** Share of a start's cost that a start-up time of a spare which is not needed is charged: it stays for several of these. */
export const PART_OF_START = 0.1;
/** Share of an app's slots: with less waiting than that, its slots serve what waits before a start would be through. */
export const SPARED = 0.5;
/** Starts under way at which no further spare is started: more at once slow each other down, and slower starts ask for more spares. */
export const MOST_SPARES_AT_ONCE = 8;

// Idle machines

/** Idle times that are too few to learn from. */
export const ENOUGH_TIMES = 3;
/** A plan's margin around the times seen: shares of their spread and of the time itself, and ms at least. */
export const SPREAD_MARGIN = 0.5;
export const TIME_MARGIN = 0.0005;
export const LEAST_MARGIN_MS = 50;
/** Share of itself by which one time may be longer than the one before it and belong to the same cluster. */
export const CLUSTER = 0.01;
/** Clusters that are tried for a start ahead of need: bounds the time that a plan takes. */
export const MOST_STARTS = 32;
/** Factor by which an app's idle times grow in number before its plan is made anew: planning takes time, and a tenth more changes little. */
export const RENEWAL = 1.1;
/** Machines killed beside others whose idle time is still open: bounds the memory of one app. */
export const MOST_LOST = 32;
/** Periods that must be known, and share of the cost that a plan by them must come down to, before they are trusted more than idle times. */
export const LEAST_PERIODS = 4;
export const PERIOD_GAIN = 0.9;
/** Share of the cost of not holding: a plan that costs less is followed to its end without a second thought. */
export const CHEAP = 0.2;
/** ms by which two times may differ that are meant to be the same. */
export const SAME_MS = 1;
/** ms: upper bound of the first of the octaves that idle times are kept in. */
export const FIRST_OCTAVE_MS = 16;
/** Octaves: the last one holds all above 37 hours. */
export const OCTAVES = 24;
/** Times that each octave keeps as they were, so that a timer keeps its exact period. */
export const RECENT = 12;
/** Factor by which a newer idle time outweighs the one before it: after five hundred one weighs a third. */
export const IDLE_TIME_FADE = 1 + 1 / 500;
/** Octave from which on durations are expected of an app that nothing is known of: a second. */
export const PRIOR_FROM = 6;

// Blanks

/** Blanks taken in one window that are told apart. */
export const MOST_TAKEN = 64;
/** Factor by which a window fades with each newer one: after three thousand it weighs a third. */
export const WINDOW_FADE = 1 - 1 / 3_000;
/** ms after a bind in which no blank is started, as its caller would miss the CPU; and ms at most, however many binds follow each other. */
export const QUIET_MS = 250;
export const LONGEST_QUIET_MS = 1_000;
/** Share of the host's machines that may be blanks. */
export const BLANKS_SHARE_OF_HOST = 0.25;
/** Starts under way at which no further blank is started; and the same on a busy host, where another app's first call is to find a blank, too. */
export const MOST_BLANKS_AT_ONCE = 4;
export const MOST_BLANKS_AT_ONCE_BUSY = 1;
/** ms that a blank is kept though it is one too many: it may be needed again soon. */
export const SURPLUS_MS = 10_000;
/** ms between two counts of the starts that are planned, as each walks all apps. */
export const RECOUNT_MS = 1_000;

// The host

/** CPUs that a start keeps busy, and a bind and what comes right after it, until more is known. */
export const CPU_OF_START = 1;
/** Share of the host's CPUs that its machines may use before it counts as busy: the server and the kernel take the rest. */
export const BUSY = 0.7;
/** ms after which what is not started because the host is busy is looked at again. */
export const POSTPONED_MS = 500;
/** Rounds of failed starts after which what waits is rejected. */
export const HOPELESS = 3;
/** ms of pause after the first failed start, doubled with each round, and ms at most. */
export const FIRST_PAUSE_MS = 250;
export const LONGEST_PAUSE_MS = 10_000;
