// nanoFramework.M2Mqtt.Core.dll as a board has it: package nanoFramework.M2Mqtt.Core.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;

namespace nanoFramework.M2Mqtt
{
    public interface IMqttClient
    {
        public delegate void MqttMsgPublishEventHandler(object a, Messages.MqttMsgPublishEventArgs b);

        public delegate void MqttMsgPublishedEventHandler(object a, Messages.MqttMsgPublishedEventArgs b);

        public delegate void MqttMsgSubscribedEventHandler(object a, Messages.MqttMsgSubscribedEventArgs b);

        public delegate void ConnectionClosedEventHandler(object a, EventArgs b);
    }

    public enum MqttSslProtocols
    {
        None,
        SSLv3,
        TLSv1_0,
        TLSv1_1,
        TLSv1_2,
        TLSv1_3,
    }
}

namespace nanoFramework.M2Mqtt.Messages
{
    public class MqttMsgPublishEventArgs : EventArgs
    {
        public extern MqttMsgPublishEventArgs(string a, byte[] b, bool c, MqttQoSLevel d, bool e);
        public extern string Topic { get; }
        public extern byte[] Message { get; }
        public extern bool DupFlag { get; }
        public extern MqttQoSLevel QosLevel { get; }
        public extern bool Retain { get; }
    }

    public class MqttMsgPublishedEventArgs : EventArgs
    {
        public extern MqttMsgPublishedEventArgs(ushort a);
        public extern ushort MessageId { get; set; }
        public extern bool IsPublished { get; set; }
    }

    public class MqttMsgSubscribedEventArgs : EventArgs
    {
        public extern MqttMsgSubscribedEventArgs(ushort a, MqttQoSLevel[] b);
        public extern ushort MessageId { get; }
        public extern MqttQoSLevel[] GrantedQoSLevels { get; }
    }

    public enum MqttQoSLevel
    {
        AtMostOnce = 0x00,
        AtLeastOnce = 0x01,
        ExactlyOnce = 0x02,
        GrantedFailure = 0x80,
    }

    public enum MqttReasonCode
    {
        Success = 0x00,
    }
}
