-- What is left of deleted objects is counted, and removed once everyone has seen it.

CREATE INDEX object_deleted ON object (collection_id, seq) WHERE deleted = 1;
