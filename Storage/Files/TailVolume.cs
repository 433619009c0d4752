using System;
using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    /// <summary>
    /// Keeps the newest bytes of a segment in a small file beside it, its tail [SPEC 9.10]. A reading that is durable by itself is an append
    /// of some 30 bytes. littlefs copies the last block of a file that is appended to, one erase each time; but a small
    /// file lies in the folder's own blocks, which are erased for many appends together. So appends go to the tail, and when
    /// it is full its bytes are appended to the segment at once, read back, and the tail is deleted.
    /// <para>Whoever uses this volume sees one file, the segment; the bytes keep their places in it. All other files are passed on.</para>
    /// </summary>
    public class TailVolume : IVolume
    {
        private const uint TailFlag = 0x80000000; // in the number of a tail; the rest is that of its segment
        private const int HeadSize = 8;           // of a tail: its place in the segment, and the complement of that
        private const int PieceSize = 64;         // read at a time when a tail is moved
        private const int CheckStep = 8;          // one byte in so many is compared: a file system loses whole units of 128 bytes or more
        private const int Unknown = -1;           // for a start: not looked at since the files were listed
        private const int Slots = 4;              // segments appended to at a time: the main log's and those of the outboxes

        private const byte PlainFile = 0;         // lanes: a file without a tail
        private const byte Nowhere = 1;           // the first append decides where it goes
        private const byte IntoSegment = 2;
        private const byte IntoTail = 3;
        private const byte Moving = 4;            // into the segment, behind the bytes of its tail
        private const byte Doubtful = 5;          // an append failed: the files tell how it ended

        private readonly IVolume _volume;
        private readonly int _smallBytes;
        private readonly byte[] _piece = new byte[2 * PieceSize];
        private readonly byte[] _lanes;
        private readonly uint[] _laneFiles;
        private readonly int[] _laneSlots;
        private readonly int[] _laneBytes;        // appended since the lane was opened

        // A slot for each segment that is appended to, or has a tail.
        private uint[] _segments;
        private int[] _starts;   // where its tail begins; without a tail its length; or Unknown
        private int[] _tails;    // bytes in its tail; 0 = it has none
        private int[] _moved;    // bytes of its tail that the segment has already: a move that was cut or failed
        private bool[] _stuck;   // its tail cannot be moved, or not be deleted: no other one is begun

        /// <summary>Tails over a volume.</summary>
        /// <param name="volume">Where segments and tails lie.</param>
        /// <param name="smallBytes">
        /// Most bytes of a tail, which the file system keeps in its folder (<see cref="FileVolume.LittlefsSmallBytes"/>). 0: no tails, for
        /// a file system that keeps no file there, such as FAT.
        /// </param>
        public TailVolume(IVolume volume, int smallBytes)
        {
            _volume = volume;
            _smallBytes = smallBytes;
            _lanes = new byte[volume.Lanes];
            _laneFiles = new uint[volume.Lanes];
            _laneSlots = new int[volume.Lanes];
            _laneBytes = new int[volume.Lanes];
            MakeSlots(Slots);
        }

        /// <inheritdoc/>
        public int Lanes
        {
            get { return _volume.Lanes; }
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Open()
        {
            Array.Clear(_lanes, 0, _lanes.Length);
            return _volume.Open();
        }

        /// <inheritdoc/>
        public bool Acquire()
        {
            return _volume.Acquire();
        }

        /// <inheritdoc/>
        public void Release()
        {
            _volume.Release();
        }

        /// <summary>The segments and other files without the tails. A tail whose segment is gone is deleted: its deletion was cut.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public uint[] List()
        {
            uint[] all = _volume.List();
            if (all == null)
            {
                return null;
            }

            int tails = 0;
            for (int i = 0; i < all.Length; i++)
            {
                if (IsTail(all[i]))
                {
                    tails++;
                }
            }

            MakeSlots(tails + Slots);
            uint[] files = new uint[all.Length - tails];
            int count = 0;
            int slot = 0;
            for (int i = 0; i < all.Length; i++)
            {
                uint file = all[i];
                if (!IsTail(file))
                {
                    files[count++] = file;
                    continue;
                }

                _segments[slot] = file ^ TailFlag;
                _starts[slot] = Unknown;
                _tails[slot] = 0;
                if (IndexOf(all, file ^ TailFlag) >= 0)
                {
                    slot++;
                    continue;
                }

                if (DeleteTail(slot) != VolumeCode.Ok)
                {
                    return null; // a new segment of this number would take it for its own
                }

                _segments[slot] = 0;
            }

            return files;
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Length(uint file)
        {
            int slot = Find(file);
            if (slot < 0 || _tails[slot] == 0)
            {
                return slot == VolumeCode.Failed ? slot : _volume.Length(file);
            }

            // A segment that cannot be appended to ends in a byte 0, which is no record, so the store begins another one.
            return _starts[slot] + _tails[slot] + (_stuck[slot] ? 1 : 0);
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Read(uint file, int position, byte[] buffer, int offset, int count)
        {
            int slot = Find(file);
            if (slot < 0 || _tails[slot] == 0)
            {
                return slot == VolumeCode.Failed ? slot : _volume.Read(file, position, buffer, offset, count);
            }

            int done = 0;
            int own = _starts[slot] - position;
            if (own > 0)
            {
                own = own < count ? own : count;
                int held = _stuck[slot] ? _volume.Length(file) - position : own; // it may have lost bytes
                int read = held <= 0 ? 0 : _volume.Read(file, position, buffer, offset, own < held ? own : held);
                if (read < 0)
                {
                    return read;
                }

                Array.Clear(buffer, offset + read, own - read); // the tail keeps its place
                done = own;
            }

            int at = position + done - _starts[slot];
            int rest = count - done;
            if (rest > 0 && at < _tails[slot])
            {
                rest = rest < _tails[slot] - at ? rest : _tails[slot] - at;
                int read = _volume.Read(file | TailFlag, HeadSize + at, buffer, offset + done, rest);
                if (read < 0)
                {
                    return read;
                }

                done += read;
                at += read;
            }

            if (done < count && _stuck[slot] && at == _tails[slot])
            {
                buffer[offset + done] = 0;
                done++;
            }

            return done;
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int OpenAppend(int lane, uint file)
        {
            _lanes[lane] = PlainFile;
            if (StoreFile.Kind(file) > StoreFile.Outbox)
            {
                return _volume.OpenAppend(lane, file);
            }

            _lanes[lane] = Nowhere;
            _laneFiles[lane] = file;
            return VolumeCode.Ok;
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Append(int lane, byte[] buffer, int offset, int count)
        {
            int code = VolumeCode.Ok;
            if (_lanes[lane] == Nowhere)
            {
                // files are opened here and not from within, as far as may be: below that the platform needs 2 KB of frames
                uint file = _laneFiles[lane];
                int slot = _laneSlots[lane];
                if (_segments[slot] != file || _starts[slot] == Unknown)
                {
                    slot = Take(lane, buffer, offset, count);
                }

                int target = slot >= 0 ? Decide(lane, slot, count) : slot == VolumeCode.Failed ? slot : PlainFile;
                code = target < 0 ? target : _volume.OpenAppend(lane, target == IntoTail ? file | TailFlag : file);
                if (code == VolumeCode.Ok)
                {
                    _lanes[lane] = (byte)target;
                    code = target == Moving ? Copy(slot, lane) : target == IntoTail ? BeginTail(slot, lane) : code;
                }
            }

            if (code == VolumeCode.Ok)
            {
                code = _volume.Append(lane, buffer, offset, count);
                _laneBytes[lane] += count;
            }

            if (code != VolumeCode.Ok && _lanes[lane] > Nowhere)
            {
                _lanes[lane] = Doubtful;
            }

            return code;
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Close(int lane)
        {
            byte target = _lanes[lane];
            _lanes[lane] = PlainFile;
            if (target == Nowhere)
            {
                return VolumeCode.Ok;
            }

            int code = _volume.Close(lane);
            if (target == PlainFile)
            {
                return code;
            }

            int slot = _laneSlots[lane];
            if (code != VolumeCode.Ok || target == Doubtful || (target == Moving && !HasMoved(slot, _tails[slot], CheckStep)))
            {
                Look(slot);
                return code != VolumeCode.Ok ? code : VolumeCode.Failed;
            }

            if (target == Moving)
            {
                _starts[slot] += _tails[slot];
                DeleteTail(slot);
            }

            int[] lengths = target == IntoTail ? _tails : _starts;
            lengths[slot] += _laneBytes[lane];
            return VolumeCode.Ok;
        }

        /// <summary>Deletes a file; of a segment the file first, so that its tail is never missing while it is there.</summary>
        /// <param name="file">The file.</param>
        /// <returns>Ok, or what the volume says.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Delete(uint file)
        {
            int code = _volume.Delete(file);
            int slot = IndexOf(_segments, file);
            if (code == VolumeCode.Ok && slot >= 0)
            {
                code = _tails[slot] > 0 || _stuck[slot] || _starts[slot] == Unknown ? DeleteTail(slot) : VolumeCode.Ok;
                _segments[slot] = 0;
            }

            return code;
        }

        private static bool IsTail(uint file)
        {
            return (file & TailFlag) != 0;
        }

        private void MakeSlots(int count)
        {
            if (_segments != null && _segments.Length >= count)
            {
                Array.Clear(_segments, 0, _segments.Length);
                return;
            }

            _segments = new uint[count];
            _starts = new int[count];
            _tails = new int[count];
            _moved = new int[count];
            _stuck = new bool[count];
        }

        // The slot of a segment, or NotFound. How it and its tail stand is looked at when it is asked for: files are opened in the order
        // in which the store reads them. Failed: they cannot be read.
        private int Find(uint file)
        {
            int slot = IndexOf(_segments, file);
            if (slot < 0 || _starts[slot] != Unknown)
            {
                return slot;
            }

            return Look(slot) != VolumeCode.Ok ? VolumeCode.Failed : IndexOf(_segments, file); // it may be gone
        }

        // The place of a number, or -1. What is asked for mostly stands first.
        internal static int IndexOf(uint[] files, uint file)
        {
            for (int i = 0; i < files.Length; i++)
            {
                if (files[i] == file)
                {
                    return i;
                }
            }

            return -1;
        }

        // The slot of a segment that is to be appended to, whose first bytes are given; NotFound: it is to have no tail. The tail of the
        // segment before it in the chain is moved first, so that there are no more tails than chains.
        private int Take(int lane, byte[] buffer, int offset, int count)
        {
            uint file = _laneFiles[lane];
            int slot = Find(file);
            if (slot != VolumeCode.NotFound)
            {
                return slot;
            }

            int free = VolumeCode.NotFound;
            for (slot = 0; slot < _segments.Length; slot++)
            {
                bool before = _segments[slot] >> 24 == file >> 24;
                if (before && _tails[slot] > 0 && !_stuck[slot])
                {
                    Move(slot, lane);
                }

                if (_segments[slot] == 0 || (before && _tails[slot] == 0 && _starts[slot] != Unknown))
                {
                    free = slot;
                }
            }

            int length = 0;
            if (count < Format.HeaderSize || !Format.IsHeader(buffer, offset, file))
            {
                length = _volume.Length(file);
                if (_volume.Read(file, 0, _piece, 0, Format.HeaderSize) != Format.HeaderSize || _piece[Format.HeaderVersion] < Format.WithTails)
                {
                    return VolumeCode.NotFound;
                }
            }

            if (free >= 0)
            {
                _segments[free] = file;
                _starts[free] = length;
                _tails[free] = 0;
                _moved[free] = 0;
                _stuck[free] = false;
            }

            return free;
        }

        // Decides where the bytes of a lane go. The first ones of a segment are its own, its header among them, and so are all while it is
        // small. Failed: that cannot be told.
        private int Decide(int lane, int slot, int count)
        {
            _laneSlots[lane] = slot;
            _laneBytes[lane] = 0;
            bool hasTail = _tails[slot] > 0;
            if (!hasTail && (_stuck[slot] || _starts[slot] == 0 || _starts[slot] + count <= _smallBytes))
            {
                return IntoSegment;
            }

            if (_stuck[slot])
            {
                return VolumeCode.Failed; // the store sees the byte 0 at the end, and begins another segment
            }

            return HeadSize + _tails[slot] + count <= _smallBytes ? IntoTail : hasTail ? Moving : IntoSegment;
        }

        // The head of a tail that is not there yet.
        private int BeginTail(int slot, int lane)
        {
            if (_tails[slot] > 0)
            {
                return VolumeCode.Ok;
            }

            uint start = (uint)_starts[slot];
            Format.Put32(_piece, 0, start);
            Format.Put32(_piece, 4, ~start);
            return _volume.Append(lane, _piece, 0, HeadSize);
        }

        private int Move(int slot, int lane)
        {
            int code = _volume.OpenAppend(lane, _segments[slot]);
            if (code != VolumeCode.Ok)
            {
                return code;
            }

            int copied = Copy(slot, lane);
            code = _volume.Close(lane);
            int looked = Look(slot);
            return copied != VolumeCode.Ok ? copied : code != VolumeCode.Ok ? code : looked;
        }

        private int Copy(int slot, int lane)
        {
            uint tail = _segments[slot] | TailFlag;
            int count;
            for (int done = _moved[slot]; done < _tails[slot]; done += count)
            {
                count = _volume.Read(tail, HeadSize + done, _piece, 0, PieceSize);
                if (count <= 0)
                {
                    return VolumeCode.Failed;
                }

                int code = _volume.Append(lane, _piece, 0, count);
                if (code != VolumeCode.Ok)
                {
                    return code;
                }
            }

            return VolumeCode.Ok;
        }

        // Finds out from the files how a segment and its tail stand. When the segment has all bytes of its tail, the tail is deleted.
        private int Look(int slot)
        {
            uint file = _segments[slot];
            int own = _volume.Length(file);
            int tail = _volume.Length(file | TailFlag);
            if (own == VolumeCode.NotFound)
            {
                DeleteTail(slot); // the segment's deletion was cut
                _segments[slot] = 0;
                _starts[slot] = 0;
                return VolumeCode.Ok;
            }

            _starts[slot] = Unknown;
            _tails[slot] = 0;
            _moved[slot] = 0;
            _stuck[slot] = false;
            if (own < 0 || (tail < 0 && tail != VolumeCode.NotFound))
            {
                return VolumeCode.Failed;
            }

            if (tail > HeadSize && _volume.Read(file | TailFlag, 0, _piece, 0, HeadSize) != HeadSize)
            {
                return VolumeCode.Failed;
            }

            _starts[slot] = own;
            if (tail < 0)
            {
                return VolumeCode.Ok;
            }

            if (tail > HeadSize)
            {
                _tails[slot] = tail - HeadSize;
                uint start = Format.U32(_piece, 0);
                if (start == ~Format.U32(_piece, 4) && start <= int.MaxValue)
                {
                    _starts[slot] = (int)start;
                }
            }

            int moved = own - _starts[slot];
            bool whole = moved >= _tails[slot];
            if (moved < 0 || !HasMoved(slot, whole ? _tails[slot] : moved, 1))
            {
                _stuck[slot] = true;
            }
            else if (whole)
            {
                _starts[slot] = own;
                DeleteTail(slot);
            }
            else
            {
                _moved[slot] = moved;
            }

            return VolumeCode.Ok;
        }

        private int DeleteTail(int slot)
        {
            int code = _volume.Delete(_segments[slot] | TailFlag);
            _tails[slot] = 0;
            _moved[slot] = 0;
            _stuck[slot] = code != VolumeCode.Ok;
            return code;
        }

        // Whether the segment has the first bytes of its tail, at their place: each step-th is compared.
        private bool HasMoved(int slot, int most, int step)
        {
            byte[] piece = _piece;
            for (int done = 0; done < most; done += PieceSize)
            {
                int count = most - done < PieceSize ? most - done : PieceSize;
                if (_volume.Read(_segments[slot], _starts[slot] + done, piece, 0, count) != count
                    || _volume.Read(_segments[slot] | TailFlag, HeadSize + done, piece, PieceSize, count) != count)
                {
                    return false;
                }

                for (int i = 0; i < count; i += step)
                {
                    if (piece[i] != piece[i + PieceSize])
                    {
                        return false;
                    }
                }
            }

            return true;
        }
    }
}
