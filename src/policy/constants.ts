/**
 * Every number that the policy was tuned with: what it is, its unit, and why it has that value. Shares are of 1. A gain is the share of the difference
 * between a known value and one just seen that is added to the known value. The numbers were tuned on the simulator's seeds 1 to 9; docs/simulator.md
 * has the results on other seeds. docs/scaling.md explains the words.
 */

// Slots of a machine

/** Slots of a machine whose app has not reported yet. Most functions wait for others nearly all of their time, so many of them share a machine well. */
export const FIRST_SLOTS = 100;
/** Share of its time in flight for which an invocation is taken to compute until reports say otherwise. It is the share for which 100 slots are right. */
export const FIRST_SHARE = 0.008;
/**
 * ms of CPU time that a machine uses before its reports count in full. An emulated machine translates every block of code when the block first runs:
 * that takes more than a second, in which a function that waits looks like one that computes.
 */
export const COLD_MS = 1_500;
/** Weight of a report of a machine that has used less CPU time than COLD_MS. Other reports weigh 1. */
export const COLD_WEIGHT = 0.2;
/**
 * Share of the invocations that ended during a report. If invocations in flight fell by more than this share of them, most of their time in flight
 * lies before the report, and the report makes them look shorter than they are.
 */
export const ENDING_SHARE = 0.5;
/** Share of its duration that an invocation may wait for the event loop, at most, when all slots are taken. */
export const DELAY_SHARE = 0.2;
/** Share of a CPU that the invocations of one machine may use together, at most. The rest is room for calls that come in bursts. */
export const MOST_BUSY = 0.8;
/** Share of a CPU that a machine uses, from which on its invocations are taken to queue for the event loop. */
export const SATURATED = 0.85;
/** ms of event loop delay above which a loop counts as late: it is not given the CPU that it asks for, or it does something else than to compute. */
export const LATE_MS = 50;
/** Passes of the event loop that an invocation waits for: one when it begins, and one when what it waited for has come. */
export const LOOP_PASSES_EACH = 2;
/** Mean number of invocations in flight during a report, below which the report is not used: it tells more of the idle machine than of them. */
export const FEWEST_IN_FLIGHT = 0.05;
/** Smallest share of its time in flight for which an invocation is taken to compute. It bounds the number of slots. */
export const LEAST_SHARE = 1e-4;
/** CPUs that a machine may use by itself. This cannot be told from what invocations use while fewer than AT_REST_UP_TO of them are in flight. */
export const AT_REST = 0.065;
/** Mean number of invocations in flight from which on AT_REST is not subtracted any more. */
export const AT_REST_UP_TO = 2;
/** Factor by which the sums of earlier reports are multiplied at each report. After five hundred reports a report weighs a third. */
export const WORK_FADE = 0.998;
/** Gain of the share of its time for which an invocation computes. */
export const SHARE_GAIN = 0.4;
/** Share of the present number of slots. A change of the number by less is not made, because it would only make the number swing. */
export const DEAD_BAND = 0.15;
/** Factor by which one report may raise the number of slots, at most: what was learned of a few invocations need not be true of many. */
export const FASTEST_GROWTH = 4;
/** Share of its memory that a machine uses, from which on it is given no more invocations at once than it has had. */
export const MEMORY_FULL = 0.85;
/** A machine's memory counts as grown only if a report exceeds the previous one by more than this share. */
export const STEADY_MEMORY = 0.03;
/** Machines that are looked at, at most, for one whose event loop is free. It makes the choice of a machine take constant time. */
export const LOOKED_AT = 8;
/** ms of work before it up to which an event loop counts as free. */
export const SHORT_MS = 2;
/** ms without work after which the machine's next report covers only the time from its next work on. Reports come once a second. */
export const REST_MS = 1_000;

// Costs

/** ms of the window for which demand is forecast, at least, however quick a start is. */
export const SHORTEST_WINDOW_MS = 50;
/** Gain of the CPU that a revision's machines use while they have nothing to do. */
export const IDLE_CPU_GAIN = 0.3;
/** CPUs. A change of what idle machines use by less than this leaves idle plans as they are. */
export const SAME_CPU = 0.001;
/** ms that a start is taken to last until the first one was seen. */
export const FIRST_START_MS = 300;
/** ms that a bind is taken to last until the first one was seen. */
export const FIRST_BIND_MS = 30;
/** Gain of the durations of starts and binds, which vary with the load of the host. */
export const START_TIME_GAIN = 0.15;
/**
 * Factor of the average duration of starts: a longer start counts as one of this length. Before the first machine of a kind starts, what it starts from may be
 * made, such as a template. That takes a hundred times as long as a start, and says nothing about how long starts take.
 */
export const LONGEST_START = 10;
/** Share of the binds for waiting callers that are taken to find no blank ready, until the first such bind. */
export const FIRST_WITHOUT_BLANK = 0.1;
/** Gain of the share of binds that find no blank ready. */
export const WITHOUT_BLANK_GAIN = 0.05;
/** Gain of the memory that a bound machine of one revision holds. */
export const MEMORY_GAIN = 0.2;
/** Gain of the memory that a bound machine holds, over all revisions. That mean stands in for a revision of which nothing is known. */
export const MEMORY_GAIN_OF_ALL = 0.02;
/** MB that a bound machine is taken to hold, at most, until any machine was reported on. */
export const FIRST_MEMORY_MB = 128;
/** Share of a bound machine's memory that a blank is taken to hold, because no reports come on blanks. */
export const BLANK_SHARE_OF_MEMORY = 1 / 3;
/** GB that a blank is taken to hold until any bound machine was reported on. */
export const FIRST_BLANK_GB = 0.05;

// Demand

/** Gain of demand's level where demand was above the forecast. It is the larger one, because a machine too many costs less than one too few. */
export const RISE_GAIN = 0.6;
/** Gain of demand's level where demand was below the forecast. */
export const FALL_GAIN = 0.25;
/** Gain of demand's trend. */
export const TREND_GAIN = 0.5;
/** Share of the trend that is left after each window, because no trend goes on for long. */
export const TREND_DAMPING = 0.6;
/** Gain of the variance of demand above its forecast. */
export const VARIANCE_GAIN = 0.08;
/** Gain of the first peak after an idle time, where it was higher than expected. */
export const ONSET_RISE = 0.5;
/** Gain of the first peak after an idle time, where it was lower than expected. */
export const ONSET_FALL = 0.2;
/** sqrt(3) / pi: the scale of a logistic distribution of variance 1. Its tails are heavier than those of a normal distribution, as those of demand are. */
export const LOGISTIC_SCALE = 0.5513;
/** Slots. For a forecast of fewer no machine is started: the idle plan decides about single calls. */
export const LEAST_DEMAND = 0.5;
/** Slots that are subtracted from a forecast before it is rounded up to whole machines, because the forecast is a mean. */
export const ROUNDING = 0.5;
/** Share of its start's cost that a spare which is not needed is charged for each window: it stays for several windows. */
export const PART_OF_START = 0.1;
/** Share of the slots that a revision has. If fewer calls wait than that, the present slots serve them before a start would be through. */
export const SPARED = 0.5;
/** Starts under way at which no further spare is started. More of them slow each other down, and slower starts ask for more spares. */
export const MOST_SPARES_AT_ONCE = 8;

// Idle machines

/**
 * Number of known idle times, longer than the present one, from which on a plan is made from them. With fewer, a machine is held until holding has cost
 * as much as a start.
 */
export const ENOUGH_TIMES = 3;
/** Share of the spread of a cluster of times, by which a machine is ready before the first and held after the last of them. */
export const SPREAD_MARGIN = 0.5;
/** Share of the time itself that this margin is at least, because timers drift. */
export const TIME_MARGIN = 0.0005;
/** ms that this margin is at least. */
export const LEAST_MARGIN_MS = 50;
/** Share of itself by which one time may be longer than the one before it and belong to the same cluster. */
export const CLUSTER = 0.01;
/** Clusters for which a start ahead of need is tried, at most. It bounds the duration of planning. */
export const MOST_STARTS = 32;
/** Factor by which the number of a revision's idle times grows before its plan is made anew: planning takes time, and a tenth more changes little. */
export const RENEWAL = 1.1;
/** The most machines killed beside others, per revision, for which it is remembered since when they were idle. The number bounds memory. */
export const MOST_KILLED_KNOWN = 32;
/** Number of known periods from which on they are used for plans. A period is the time from one call after idling to the next. */
export const LEAST_PERIODS = 4;
/** A plan by periods is preferred only if it costs less than this share of the plan by idle times. */
export const PERIOD_GAIN = 0.9;
/** Share of the cost of not holding. A plan that costs less is followed to its end without looking for a better one. */
export const CHEAP = 0.2;
/** ms by which two times may differ and still count as the same. */
export const SAME_MS = 1;
/** ms: the upper bound of the first of the octaves that idle times are kept in. */
export const FIRST_OCTAVE_MS = 16;
/** Number of octaves. The last one holds all times above 37 hours. */
export const OCTAVES = 24;
/** Times that each octave keeps as they were, so that a timer keeps its exact period. */
export const RECENT = 12;
/** Factor by which an idle time outweighs the one before it. After five hundred times one weighs a third. */
export const IDLE_TIME_FADE = 1 + 1 / 500;
/** First octave, about a second, of those in which an idle time is expected of a revision though none was seen. */
export const PRIOR_FROM = 6;

// Blanks

/** Blanks taken in one window, up to which windows are told apart by their number. */
export const MOST_TAKEN = 64;
/** Factor by which the weight of a window is multiplied with each newer one. After three thousand a window weighs a third. */
export const WINDOW_FADE = 1 - 1 / 3_000;
/** ms after a bind in which no blank is started, because the start would take CPU from the bound machine, whose caller waits. */
export const QUIET_MS = 250;
/** ms for which binds that follow each other may put off the start of a blank, at most. */
export const LONGEST_QUIET_MS = 1_000;
/** Share of the host's machines that may be blanks. */
export const BLANKS_SHARE_OF_HOST = 0.25;
/** Starts under way at which no further blank is started. */
export const MOST_BLANKS_AT_ONCE = 4;
/** Starts under way at which no further blank is started on a busy host. One is allowed, because the first call of another app is to find a blank there, too. */
export const MOST_BLANKS_AT_ONCE_BUSY = 1;
/** ms for which a machine is held for a call whose time is known, and which does not come then: it may be late. */
export const KNOWN_SLACK_MS = 2_000;
/** ms for which a surplus blank is kept, because it may be needed again soon. */
export const SURPLUS_MS = 10_000;
/** ms between two counts of the starts that are planned, because each count goes through all revisions. */
export const RECOUNT_MS = 1_000;

// The host

/** CPUs that a machine is taken to use while it starts, while it is bound, and until its first report. */
export const CPU_OF_START = 1;
/** Share of the host's CPUs. If machines use more, the host is busy: the server and the kernel need the rest. */
export const BUSY = 0.7;
/** ms after which it is tried again to start what was not started because the host was busy. */
export const POSTPONED_MS = 500;
/** Rounds of failed starts after which waiting calls are rejected. */
export const HOPELESS = 3;
/** ms of pause after the first failed start. Each further round doubles the pause. */
export const FIRST_PAUSE_MS = 250;
/** ms of pause after failed starts, at most. */
export const LONGEST_PAUSE_MS = 10_000;
