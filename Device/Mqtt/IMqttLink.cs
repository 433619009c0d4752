// A client of a broker, as small as the carrier needs it: nanoFramework.M2Mqtt on a board, MQTTnet on the PC.

namespace NanoSync.Device
{
    /// <summary>One device's connection to its broker. Nothing is thrown for what a network or a broker does.</summary>
    public interface IMqttLink
    {
        /// <summary>True while there is a connection, as far as is known.</summary>
        bool IsConnected { get; }

        /// <summary>Text of the last failure, for a log; null when there was none.</summary>
        string LastFailure { get; }

        /// <summary>Connects anew and subscribes to what comes for the device.</summary>
        /// <param name="inbox">Takes what arrives, on whatever thread.</param>
        /// <returns>None: connected, and both topics are granted. Anything else: why not.</returns>
        CarrierError Connect(MqttInbox inbox);

        /// <summary>Publishes with QoS 1.</summary>
        /// <returns>None: the broker has it. Anything else: it is not known to have it.</returns>
        CarrierError Publish(string topic, byte[] payload);

        /// <summary>Ends the connection. Never fails.</summary>
        void Close();
    }
}
