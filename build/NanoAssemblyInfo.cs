// Compiled into every board assembly by Nano.props. The version is Directory.Build.props' <Version>; a test compares them.

using System.Reflection;

[assembly: AssemblyVersion("0.1.0.0")]
[assembly: AssemblyFileVersion("0.1.0.0")]
