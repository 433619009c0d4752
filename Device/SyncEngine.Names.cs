// What another firmware over the same flash has to know: the name of each collection, by which it is found whatever the order
// of the declarations [SPEC 9.9], and the definition of each class, for objects that wait longer than the firmware that
// made them [SPEC 6.3]. Both are written when they are not there, which is at the first start of a firmware.

using System;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        // The engine's own collection of definitions: the key is the hash, 4 bytes.
        internal const int DefinitionCollection = FlashStore.ClassCollection;

        private const int FormerClasses = 4; // of firmwares before, beside the present one's

        private StoreError OpenByName()
        {
            int[] names = new int[FlashStore.MaxCollection + 1];
            for (int i = 0; i < _count; i++)
            {
                names[_collections[i].Number] = _collections[i].NameSlot;
            }

            StoreError error = _store.OpenNamed(names);
            bool lacks = false;
            for (int i = 0; i < _count; i++)
            {
                SyncCollection c = _collections[i];
                if (error == StoreError.OtherKind && c.Number == (int)_store.Health.Id)
                {
                    throw new InvalidOperationException("The collection " + c.NameText + " is of another kind in flash. Declare it as before, or give it another name: nothing of it was touched.");
                }

                int slot = c.NameSlot;
                int number = 0;
                while (names[number] != slot && names[number] != -slot)
                {
                    number++;
                }

                c.Number = number;
                lacks |= names[number] < 0;
            }

            if (error == StoreError.None)
            {
                LoadFormer();
                SaveNames(names, lacks);
            }

            return error;
        }

        // The classes of firmwares before, as long as something waits that may be of one of them.
        private void LoadFormer()
        {
            bool waits = _store.Health.Undeclared > 0;
            for (int i = 0; i < _count; i++)
            {
                waits |= _store.PendingCount(_collections[i].Number) > 0 || _store.RefusedCount(_collections[i].Number) > 0;
            }

            _info.Reset();
            while (Next(DefinitionCollection))
            {
                if (ClassOf(_info.Tag, null) != null)
                {
                    continue;
                }

                if (!waits)
                {
                    _store.RemoveServer(DefinitionCollection, _info.Key, 0, _info.KeyLength);
                }
                else if (_classCount < MaxClasses)
                {
                    byte[] definition = new byte[_info.Length];
                    if (_store.Read(_info, 0, definition, 0, definition.Length) == definition.Length)
                    {
                        AddClass(Parse(Encoding.UTF8.GetString(definition, 0, definition.Length)));
                    }
                }
            }
        }

        // Makes a class of a definition in flash. The engine wrote it itself, so nothing of it is checked again.
        private static ObjectClass Parse(string text)
        {
            int at = text.IndexOf('(');
            ObjectClass made = new ObjectClass(text.Substring(0, at));
            int colon = text.IndexOf(':', at);
            while (colon > 0)
            {
                char type = text[colon + 1];
                made.Field(text.Substring(at + 1, colon - at - 1), (FieldType)type, type == (char)FieldType.Fixed ? text[colon + 2] - '0' : 0);
                at = text.IndexOf(',', colon);
                colon = at < 0 ? at : text.IndexOf(':', at);
            }

            return made;
        }

        // One batch. What it has no room for is written at a later start.
        private void SaveNames(int[] names, bool lacks)
        {
            uint unkept = 0;
            for (int i = 0; i < _classCount; i++)
            {
                Format.Put32(_small, 0, _classes[i].Hash);
                if (_store.FindKey(DefinitionCollection, _small, 0, 4, _info) == StoreError.NotFound)
                {
                    unkept |= 1u << i;
                }
            }

            if ((!lacks && unkept == 0) || _store.Begin() != StoreError.None)
            {
                return;
            }

            for (int i = 0; i < _count; i++)
            {
                SyncCollection c = _collections[i];
                if (names[c.Number] < 0)
                {
                    _store.SetMeta(c.Number, c.NameSlot, c.Name, 0, c.Name.Length);
                }
            }

            for (int i = 0; i < _classCount; i++)
            {
                if ((unkept & (1u << i)) != 0)
                {
                    byte[] definition = Encoding.UTF8.GetBytes(_classes[i].Definition);
                    Format.Put32(_small, 0, _classes[i].Hash);
                    _store.PutServer(DefinitionCollection, _small, 0, 4, _classes[i].Hash, definition, 0, definition.Length);
                }
            }

            _store.Commit();
        }
    }
}
