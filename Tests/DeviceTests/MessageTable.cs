// One table of (message, its items, XML, WBXML bytes) that drives every codec test, on the PC and on nanoCLR.
//
// Items are written as: <Tag start, >Tag end, Tag=value, Tag for an empty value, [hex] for the whole ApplicationData.

namespace NanoSync.Tests
{
    public static class MessageTable
    {
        private const string Xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

        public static readonly string[] Names =
        {
            "idle request", "outbox window", "quiet acknowledgement", "two-way reply", "refusal", "key rejected",
            "wrong version", "wait out of range", "heartbeat", "wait", "options", "fetch a range", "fetched", "text with markup", "no collections",
        };

        public static readonly string[] Items =
        {
            "<Sync Version=1.0 <Collections <Collection SyncKey=7Ab_- CollectionId=log DeletesAsMoves GetChanges >Collection >Collections >Sync ",

            "<Sync Version=1.0 <Collections <Collection Class=reading#Ab3d SyncKey=12wxyz CollectionId=log DeletesAsMoves <Commands "
                + "<Add ClientId=Xy9_41 [1F00FF7F] >Add <Add [] >Add >Commands >Collection >Collections >Sync ",

            "<Sync <Collections <Collection SyncKey=13wxyz CollectionId=log >Collection >Collections >Sync ",

            "<Sync <Collections <Collection SyncKey=3abcd CollectionId=config <Responses <Add ClientId=Xy9_7 ServerId=Xy9_7 >Add >Responses "
                + "<Commands <Add ServerId=sampling [0102] >Add <Change ServerId=a [03] >Change <Delete ServerId=b >Delete <SoftDelete ServerId=c >SoftDelete "
                + ">Commands MoreAvailable >Collection >Collections >Sync ",

            "<Sync Version=1.0 <Collections <Collection SyncKey=4abcd CollectionId=config GetChanges WindowSize=20 <Options Conflict=0 Limit=2048 >Options "
                + "<Responses <Change ServerId=sampling Status=6 [696E74657276616C] >Change >Responses >Collection >Collections >Sync ",

            "<Sync <Collections <Collection SyncKey=99zzzz CollectionId=log Status=3 >Collection >Collections >Sync ",

            "<Sync Version=1.0 Status=200 >Sync ",

            "<Sync Status=14 Limit=300 >Sync ",

            "<Sync Version=1.0 HeartbeatInterval=300 <Options Class=time >Options >Sync ",

            "<Sync Version=1.0 Wait=5 >Sync ",

            "<Sync Version=1.0 <Options Class=status [0305] Class=time >Options >Sync ",

            "<Sync Version=1.0 <Collections <Collection SyncKey=5abcd CollectionId=maps <Commands <Fetch ServerId=m1 <Options Class=range [03800410] >Options "
                + ">Fetch >Commands >Collection >Collections >Sync ",

            "<Sync <Collections <Collection SyncKey=6abcd CollectionId=maps <Responses <Fetch ServerId=m1 [00010203040506070809] >Fetch "
                + "<Fetch ServerId=m2 Status=8 >Fetch >Responses >Collection >Collections >Sync ",

            "<Sync <Collections <Collection SyncKey=1aaaa CollectionId=a&b<c>'\" <Commands <Delete ServerId=\u00e4\u20ac >Delete >Commands >Collection >Collections >Sync ",

            "<Sync >Sync ",
        };

        public static readonly string[] XmlText =
        {
            Xml + "<Sync xmlns=\"AirSync:\"><Version>1.0</Version><Collections><Collection><SyncKey>7Ab_-</SyncKey><CollectionId>log</CollectionId>"
                + "<DeletesAsMoves/><GetChanges/></Collection></Collections></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Version>1.0</Version><Collections><Collection><Class>reading#Ab3d</Class><SyncKey>12wxyz</SyncKey>"
                + "<CollectionId>log</CollectionId><DeletesAsMoves/><Commands><Add><ClientId>Xy9_41</ClientId><ApplicationData>HwD/fw==</ApplicationData></Add>"
                + "<Add><ApplicationData></ApplicationData></Add></Commands></Collection></Collections></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Collections><Collection><SyncKey>13wxyz</SyncKey><CollectionId>log</CollectionId></Collection></Collections></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Collections><Collection><SyncKey>3abcd</SyncKey><CollectionId>config</CollectionId><Responses><Add>"
                + "<ClientId>Xy9_7</ClientId><ServerId>Xy9_7</ServerId></Add></Responses><Commands><Add><ServerId>sampling</ServerId>"
                + "<ApplicationData>AQI=</ApplicationData></Add><Change><ServerId>a</ServerId><ApplicationData>Aw==</ApplicationData></Change>"
                + "<Delete><ServerId>b</ServerId></Delete><SoftDelete><ServerId>c</ServerId></SoftDelete></Commands><MoreAvailable/></Collection></Collections></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Version>1.0</Version><Collections><Collection><SyncKey>4abcd</SyncKey><CollectionId>config</CollectionId>"
                + "<GetChanges/><WindowSize>20</WindowSize><Options><Conflict>0</Conflict><Limit>2048</Limit></Options><Responses><Change>"
                + "<ServerId>sampling</ServerId><Status>6</Status><ApplicationData>aW50ZXJ2YWw=</ApplicationData></Change></Responses></Collection></Collections></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Collections><Collection><SyncKey>99zzzz</SyncKey><CollectionId>log</CollectionId><Status>3</Status></Collection></Collections></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Version>1.0</Version><Status>200</Status></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Status>14</Status><Limit>300</Limit></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Version>1.0</Version><HeartbeatInterval>300</HeartbeatInterval><Options><Class>time</Class></Options></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Version>1.0</Version><Wait>5</Wait></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Version>1.0</Version><Options><Class>status</Class><ApplicationData>AwU=</ApplicationData><Class>time</Class></Options></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Version>1.0</Version><Collections><Collection><SyncKey>5abcd</SyncKey><CollectionId>maps</CollectionId><Commands>"
                + "<Fetch><ServerId>m1</ServerId><Options><Class>range</Class><ApplicationData>A4AEEA==</ApplicationData></Options></Fetch></Commands></Collection></Collections></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Collections><Collection><SyncKey>6abcd</SyncKey><CollectionId>maps</CollectionId><Responses><Fetch><ServerId>m1</ServerId>"
                + "<ApplicationData>AAECAwQFBgcICQ==</ApplicationData></Fetch><Fetch><ServerId>m2</ServerId><Status>8</Status></Fetch></Responses></Collection></Collections></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"><Collections><Collection><SyncKey>1aaaa</SyncKey><CollectionId>a&amp;b&lt;c&gt;'\"</CollectionId><Commands><Delete>"
                + "<ServerId>\u00e4\u20ac</ServerId></Delete></Commands></Collection></Collections></Sync>",

            Xml + "<Sync xmlns=\"AirSync:\"/>",
        };

        public static readonly string[] Wbxml =
        {
            "03016A00 45 51 03312E3000 01 5C 4F 4B 033741625F2D00 01 52 036C6F6700 01 1E 13 01 01 01",

            "03016A00 45 51 03312E3000 01 5C 4F 50 0372656164696E67234162336400 01 4B 03313277787 97A00 01 52 036C6F6700 01 1E 56"
                + " 47 4C 035879395F343100 01 5D C3 04 1F00FF7F 01 01 47 5D C3 00 01 01 01 01 01 01",

            "03016A00 45 5C 4F 4B 03313377787 97A00 01 52 036C6F6700 01 01 01 01",

            "03016A00 45 5C 4F 4B 03336162636400 01 52 03636F6E66696700 01 46 47 4C 035879395F3700 01 4D 035879395F3700 01 01 01"
                + " 56 47 4D 0373616D706C696E6700 01 5D C3 02 0102 01 01 48 4D 036100 01 5D C3 01 03 01 01 49 4D 036200 01 01 61 4D 036300 01 01 01 14 01 01 01",

            "03016A00 45 51 03312E3000 01 5C 4F 4B 03346162636400 01 52 03636F6E66696700 01 13 55 03323000 01 57 5B 033000 01 65 033230343800 01 01"
                + " 46 48 4D 0373616D706C696E6700 01 4E 033600 01 5D C3 08 696E74657276616C 01 01 01 01 01 01",

            "03016A00 45 5C 4F 4B 0339397A7A7A7A00 01 52 036C6F6700 01 4E 033300 01 01 01 01",

            "03016A00 45 51 03312E3000 01 4E 0332303000 01 01",

            "03016A00 45 4E 03313400 01 65 0333303000 01 01",

            "03016A00 45 51 03312E3000 01 69 0333303000 01 57 50 0374696D6500 01 01 01",

            "03016A00 45 51 03312E3000 01 64 033500 01 01",

            "03016A00 45 51 03312E3000 01 57 50 0373746174757300 01 5D C3 02 0305 01 50 0374696D6500 01 01 01",

            "03016A00 45 51 03312E3000 01 5C 4F 4B 03356162636400 01 52 036D61707300 01 56 4A 4D 036D3100 01 57 50 0372616E676500 01"
                + " 5D C3 04 03800410 01 01 01 01 01 01 01",

            "03016A00 45 5C 4F 4B 03366162636400 01 52 036D61707300 01 46 4A 4D 036D3100 01 5D C3 0A 00010203040506070809 01 01"
                + " 4A 4D 036D3200 01 4E 033800 01 01 01 01 01 01",

            "03016A00 45 5C 4F 4B 03316161616100 01 52 03612662 3C 63 3E 27 22 00 01 56 49 4D 03C3A4E282AC00 01 01 01 01 01 01",

            "03016A00 05",
        };
    }
}
