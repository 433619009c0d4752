// SHA-256 and HMAC-SHA256 over bytes as they come [FIPS 180-4, RFC 2104]. The platform's HMACSHA256 takes one array that
// holds all of it; a message is never held, so this is written here: 384 bytes of memory, about 5,000 instructions per 64
// bytes, which is little beside a mail.

using System;

namespace NanoSync.Device
{
    /// <summary>A running HMAC-SHA256: Begin, Add any number of times, Finish.</summary>
    public sealed class Hmac
    {
        /// <summary>Bytes of the result.</summary>
        public const int Size = 32;

        private const int Block = 64;

        private static readonly uint[] s_k = new uint[]
        {
            0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
            0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
            0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
            0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
            0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
            0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
            0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
            0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
        };

        private readonly byte[] _key = new byte[Block]; // filled up with zeros
        private readonly byte[] _block = new byte[Block];
        private readonly byte[] _inner = new byte[Size];
        private readonly uint[] _state = new uint[8];
        private readonly uint[] _words = new uint[64];
        private int _filled; // bytes of _block
        private int _length; // bytes so far

        /// <summary>Sets the key.</summary>
        public void SetKey(byte[] key, int offset, int count)
        {
            Array.Clear(_key, 0, Block);
            if (count <= Block)
            {
                Array.Copy(key, offset, _key, 0, count);
                return;
            }

            Start();
            Add(key, offset, count);
            End(_key);
        }

        /// <summary>Starts a new HMAC.</summary>
        public void Begin()
        {
            Start();
            Pad(0x36);
        }

        /// <summary>Takes in bytes.</summary>
        public void Add(byte[] buffer, int offset, int count)
        {
            _length += count;
            while (count > 0)
            {
                int part = Block - _filled < count ? Block - _filled : count;
                Array.Copy(buffer, offset, _block, _filled, part);
                _filled += part;
                offset += part;
                count -= part;
                if (_filled == Block)
                {
                    Compress();
                    _filled = 0;
                }
            }
        }

        /// <summary>Ends the HMAC.</summary>
        /// <param name="mac">Takes <see cref="Size"/> bytes.</param>
        public void Finish(byte[] mac)
        {
            End(_inner);
            Start();
            Pad(0x5c);
            Add(_inner, 0, Size);
            End(mac);
        }

        private void Pad(int value)
        {
            for (int i = 0; i < Block; i++)
            {
                _block[i] = (byte)(_key[i] ^ value);
            }

            _length = Block;
            Compress();
        }

        private void Start()
        {
            _state[0] = 0x6a09e667;
            _state[1] = 0xbb67ae85;
            _state[2] = 0x3c6ef372;
            _state[3] = 0xa54ff53a;
            _state[4] = 0x510e527f;
            _state[5] = 0x9b05688c;
            _state[6] = 0x1f83d9ab;
            _state[7] = 0x5be0cd19;
            _filled = 0;
            _length = 0;
        }

        private void End(byte[] result)
        {
            int length = _length;
            _block[_filled++] = 0x80;
            if (_filled > Block - 8)
            {
                Array.Clear(_block, _filled, Block - _filled);
                Compress();
                _filled = 0;
            }

            Array.Clear(_block, _filled, Block - _filled);
            _block[59] = (byte)(length >> 29); // bits of the length; an int of bytes is at most 35 bits
            _block[60] = (byte)(length >> 21);
            _block[61] = (byte)(length >> 13);
            _block[62] = (byte)(length >> 5);
            _block[63] = (byte)(length << 3);
            Compress();
            for (int i = 0; i < 8; i++)
            {
                uint word = _state[i];
                result[4 * i] = (byte)(word >> 24);
                result[(4 * i) + 1] = (byte)(word >> 16);
                result[(4 * i) + 2] = (byte)(word >> 8);
                result[(4 * i) + 3] = (byte)word;
            }
        }

        private void Compress()
        {
            uint[] w = _words;
            uint[] k = s_k;
            byte[] block = _block;
            uint[] state = _state;
            for (int i = 0; i < 16; i++)
            {
                int at = 4 * i;
                w[i] = ((uint)block[at] << 24) | ((uint)block[at + 1] << 16) | ((uint)block[at + 2] << 8) | block[at + 3];
            }

            for (int i = 16; i < 64; i++)
            {
                uint x = w[i - 15];
                uint y = w[i - 2];
                w[i] = w[i - 16] + w[i - 7]
                    + (((x >> 7) | (x << 25)) ^ ((x >> 18) | (x << 14)) ^ (x >> 3))
                    + (((y >> 17) | (y << 15)) ^ ((y >> 19) | (y << 13)) ^ (y >> 10));
            }

            uint a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
            for (int i = 0; i < 64; i++)
            {
                uint t = h + (((e >> 6) | (e << 26)) ^ ((e >> 11) | (e << 21)) ^ ((e >> 25) | (e << 7))) + ((e & f) ^ (~e & g)) + k[i] + w[i];
                uint u = (((a >> 2) | (a << 30)) ^ ((a >> 13) | (a << 19)) ^ ((a >> 22) | (a << 10))) + ((a & b) ^ (a & c) ^ (b & c));
                h = g;
                g = f;
                f = e;
                e = d + t;
                d = c;
                c = b;
                b = a;
                a = t + u;
            }

            state[0] += a;
            state[1] += b;
            state[2] += c;
            state[3] += d;
            state[4] += e;
            state[5] += f;
            state[6] += g;
            state[7] += h;
        }
    }
}
