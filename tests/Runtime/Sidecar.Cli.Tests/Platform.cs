using System.Runtime.Versioning;

// Real processes, signals and /proc.
[assembly: UnsupportedOSPlatform("windows")]
