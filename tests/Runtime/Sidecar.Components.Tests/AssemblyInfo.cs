using TestSupport.Brokers;

[assembly: AssemblyFixture(typeof(SharedBrokers))]
