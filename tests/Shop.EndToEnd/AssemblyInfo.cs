// A run of the shop is a dozen processes; two at once would only measure how two cores are shared.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
