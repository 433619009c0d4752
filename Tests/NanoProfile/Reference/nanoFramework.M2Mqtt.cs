// nanoFramework.M2Mqtt.dll as a board has it: package nanoFramework.M2Mqtt.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;
using System.Collections;
using System.Security.Cryptography.X509Certificates;
using nanoFramework.M2Mqtt.Messages;

namespace nanoFramework.M2Mqtt
{
    public class MqttClient : IMqttClient, IDisposable
    {
        public extern MqttClient(string a, int b, bool c, X509Certificate d, X509Certificate e, MqttSslProtocols f);
        public extern bool IsConnected { get; }
        public extern event IMqttClient.MqttMsgPublishEventHandler MqttMsgPublishReceived;
        public extern event IMqttClient.MqttMsgPublishedEventHandler MqttMsgPublished;
        public extern event IMqttClient.MqttMsgSubscribedEventHandler MqttMsgSubscribed;
        public extern event IMqttClient.ConnectionClosedEventHandler ConnectionClosed;
        public extern MqttReasonCode Connect(string a, string b, string c, bool d, MqttQoSLevel e, bool f, string g, string h, bool i, ushort j);
        public extern ushort Subscribe(string[] a, MqttQoSLevel[] b);
        public extern ushort Publish(string a, byte[] b, string c, ArrayList d, MqttQoSLevel e, bool f);
        public extern void Disconnect();
        public extern void Close();
        public extern void Dispose();
    }
}
