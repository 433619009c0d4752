// Worlds know nothing of each other, and fuzzing runs in programs of its own: where one test has one thread, another has the other core.

[assembly: Parallelize(Scope = ExecutionScope.MethodLevel, Workers = 2)]
