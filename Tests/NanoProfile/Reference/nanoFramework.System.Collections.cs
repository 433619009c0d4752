// nanoFramework.System.Collections.dll as a board has it: package nanoFramework.System.Collections.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;

namespace System.Collections
{
    public class DictionaryEntry
    {
        public object Key;
        public object Value;
        public extern DictionaryEntry(object a, object b);
    }

    public class Hashtable : ICollection, IDictionary, IEnumerable, ICloneable
    {
        public extern Hashtable();
        public extern Hashtable(int a);
        public extern Hashtable(int a, float b);
        public extern bool IsFixedSize { get; }
        public extern bool IsReadOnly { get; }
        public extern bool IsSynchronized { get; }
        public extern ICollection Keys { get; }
        public extern ICollection Values { get; }
        public extern int Count { get; }
        public extern object this[object a] { get; set; }
        public extern object SyncRoot { get; }
        public extern bool Contains(object a);
        public extern IEnumerator GetEnumerator();
        public extern object Clone();
        public extern void Add(object a, object b);
        public extern void Clear();
        public extern void CopyTo(Array a, int b);
        public extern void Remove(object a);
    }

    public interface IDictionary : ICollection, IEnumerable
    {
        bool IsFixedSize { get; }
        bool IsReadOnly { get; }
        ICollection Keys { get; }
        ICollection Values { get; }
        object this[object a] { get; set; }
        bool Contains(object a);
        void Add(object a, object b);
        void Clear();
        void Remove(object a);
    }

    public interface IDictionaryEnumerator : IEnumerator
    {
        DictionaryEntry Entry { get; }
        object Key { get; }
        object Value { get; }
    }

    public class Queue : ICollection, IEnumerable, ICloneable
    {
        public extern Queue();
        public virtual extern bool IsSynchronized { get; }
        public virtual extern int Count { get; }
        public virtual extern object SyncRoot { get; }
        public virtual extern bool Contains(object a);
        public virtual extern IEnumerator GetEnumerator();
        public virtual extern object Clone();
        public virtual extern object Dequeue();
        public virtual extern object Peek();
        public virtual extern object[] ToArray();
        public virtual extern void Clear();
        public virtual extern void CopyTo(Array a, int b);
        public virtual extern void Enqueue(object a);
    }

    public class Stack : ICollection, IEnumerable, ICloneable
    {
        public extern Stack();
        public virtual extern bool IsSynchronized { get; }
        public virtual extern int Count { get; }
        public virtual extern object SyncRoot { get; }
        public virtual extern bool Contains(object a);
        public virtual extern IEnumerator GetEnumerator();
        public virtual extern object Clone();
        public virtual extern object Peek();
        public virtual extern object Pop();
        public virtual extern object[] ToArray();
        public virtual extern void Clear();
        public virtual extern void CopyTo(Array a, int b);
        public virtual extern void Push(object a);
    }
}
