return await NanoSync.Server.Cli.Commands.Run(args);
