/** Runs the benchmarks: all of them, or those that are named. */
