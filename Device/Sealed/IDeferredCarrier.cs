// A carrier whose replies come later than the round that sent the request: mail, files carried by hand.
//
// A message has a number, one more than the one before; its reply names it. So what is late, repeated or out of order is
// known before anything of it is applied, on both sides. [SPEC 8.2]

namespace NanoSync.Device
{
    /// <summary>
    /// The engine calls Number, Open, Write and Receive to send, in another round Fetch and Read to take the reply, and Done
    /// when it no longer needs it. Receive gives <see cref="CarrierError.Deferred"/> once the message was handed over.
    /// </summary>
    public interface IDeferredCarrier : ICarrier
    {
        /// <summary>Names the message that is opened next.</summary>
        /// <param name="store">The store's format id, 4 characters: numbers are counted within it.</param>
        /// <param name="number">Above all numbers of this store so far.</param>
        void Number(string store, uint number);

        /// <summary>Looks for the reply to a message; replies to other messages, and what is no reply, are dropped.</summary>
        /// <returns>None: it is there, Read gives it. Deferred: it is not there yet. Anything else: why this is not known.</returns>
        CarrierError Fetch(string store, uint number);

        /// <summary>
        /// After a Fetch that gave None: a number, and no reply to read: the other side has taken this store's numbers up to it
        /// (the store was put back), and the request was not applied. 0: there is a reply.
        /// </summary>
        uint ResumeFrom { get; }

        /// <summary>Ends with the reply that Fetch found.</summary>
        /// <param name="drop">True: it was applied, or is of no use; false: Fetch finds it again.</param>
        void Done(bool drop);
    }
}
