CREATE TABLE agreement (
	carrier_id UUID NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	deliver_with VARCHAR(40) NOT NULL, 
	settlement_policy VARCHAR(40) NOT NULL, 
	credit_threshold_cents INTEGER, 
	billing_agent_id UUID, 
	agent_fee_bp INTEGER NOT NULL, 
	contest_days INTEGER NOT NULL, 
	starts_on DATE NOT NULL, 
	said_by_id UUID, 
	said_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_agreement PRIMARY KEY (id), 
	CONSTRAINT uq_agreement_owner_id_carrier_id UNIQUE (owner_id, carrier_id), 
	CONSTRAINT ck_agreement_relationstate CHECK (state IN ('proposed', 'active', 'inactive')), 
	CONSTRAINT ck_agreement_deliverwith CHECK (deliver_with IN ('po', 'invoice')), 
	CONSTRAINT ck_agreement_settlementpolicy CHECK (settlement_policy IN ('adjust', 'credit'))
)
-- next
CREATE INDEX ix_agreement_carrier_id ON agreement (carrier_id)
-- next
CREATE INDEX ix_agreement_owner_id ON agreement (owner_id)
-- next
CREATE TABLE allocation (
	source VARCHAR(40) NOT NULL, 
	source_id UUID NOT NULL, 
	invoice_id UUID NOT NULL, 
	amount_cents BIGINT NOT NULL, 
	allocated_on DATE NOT NULL, 
	reverses_id UUID, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_allocation PRIMARY KEY (id), 
	CONSTRAINT ck_allocation_allocationsource CHECK (source IN ('payment', 'credit_note', 'write_off')), 
	CONSTRAINT uq_allocation_reverses_id UNIQUE (reverses_id)
)
-- next
CREATE INDEX ix_allocation_owner_id ON allocation (owner_id)
-- next
CREATE INDEX ix_allocation_owner_id_invoice_id ON allocation (owner_id, invoice_id)
-- next
CREATE INDEX ix_allocation_owner_id_source_id ON allocation (owner_id, source_id)
-- next
CREATE TABLE attachment (
	sha256 TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	received_bytes INTEGER NOT NULL, 
	complete_at TIMESTAMP WITH TIME ZONE, 
	served_sha256 TEXT NOT NULL, 
	purged_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_attachment PRIMARY KEY (id), 
	CONSTRAINT uq_attachment_owner_id_sha256 UNIQUE (owner_id, sha256)
)
-- next
CREATE INDEX ix_attachment_owner_id ON attachment (owner_id)
-- next
CREATE TABLE client (
	buyer_id UUID NOT NULL, 
	external_id TEXT, 
	group_id UUID, 
	credit_limit_cents INTEGER, 
	since TIMESTAMP WITH TIME ZONE NOT NULL, 
	billing_type VARCHAR(40), 
	emission VARCHAR(40), 
	deliver_with VARCHAR(40), 
	one_invoice_a_stop BOOLEAN, 
	settlement_policy VARCHAR(40), 
	net_days INTEGER, 
	min_items INTEGER, 
	min_value_cents INTEGER, 
	auto_accept BOOLEAN, 
	discount_bp INTEGER, 
	note_fr TEXT, 
	note_en TEXT, 
	footer_fr TEXT, 
	footer_en TEXT, 
	balance_visible BOOLEAN, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_client PRIMARY KEY (id), 
	CONSTRAINT uq_client_owner_id_buyer_id UNIQUE (owner_id, buyer_id), 
	CONSTRAINT uq_client_owner_id_external_id UNIQUE (owner_id, external_id), 
	CONSTRAINT ck_client_billingtype CHECK (billing_type IN ('platform', 'external', 'agent')), 
	CONSTRAINT ck_client_emission CHECK (emission IN ('manual', 'on_accept', 'on_delivered', 'on_run_documents')), 
	CONSTRAINT ck_client_deliverwith CHECK (deliver_with IN ('po', 'invoice')), 
	CONSTRAINT ck_client_settlementpolicy CHECK (settlement_policy IN ('adjust', 'credit'))
)
-- next
CREATE INDEX ix_client_buyer_id ON client (buyer_id)
-- next
CREATE INDEX ix_client_owner_id ON client (owner_id)
-- next
CREATE INDEX ix_client_owner_id_group_id ON client (owner_id, group_id)
-- next
CREATE TABLE container_class (
	code TEXT NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	name_fr TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	taxable BOOLEAN NOT NULL, 
	decided_by TEXT NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_container_class PRIMARY KEY (id), 
	CONSTRAINT uq_container_class_owner_id_code UNIQUE (owner_id, code), 
	CONSTRAINT ck_container_class_containerkind CHECK (kind IN ('public', 'private', 'keg'))
)
-- next
CREATE INDEX ix_container_class_owner_id ON container_class (owner_id)
-- next
CREATE TABLE container_entry (
	movement_id UUID NOT NULL, 
	class_id UUID NOT NULL, 
	holder_id UUID NOT NULL, 
	quantity INTEGER NOT NULL, 
	handover_id UUID, 
	moved_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_container_entry PRIMARY KEY (id), 
	CONSTRAINT uq_container_entry_movement_id_holder_id_class_id UNIQUE (movement_id, holder_id, class_id)
)
-- next
CREATE INDEX ix_container_entry_owner_id ON container_entry (owner_id)
-- next
CREATE INDEX ix_container_entry_owner_id_class_id_holder_id ON container_entry (owner_id, class_id, holder_id)
-- next
CREATE TABLE container_price (
	class_id UUID NOT NULL, 
	unit_cents INTEGER NOT NULL, 
	valid_from DATE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_container_price PRIMARY KEY (id), 
	CONSTRAINT uq_container_price_class_id_valid_from UNIQUE (class_id, valid_from)
)
-- next
CREATE INDEX ix_container_price_owner_id ON container_price (owner_id)
-- next
CREATE TABLE contest (
	subject VARCHAR(40) NOT NULL, 
	subject_id UUID NOT NULL, 
	order_id UUID, 
	number TEXT NOT NULL, 
	opener_id UUID NOT NULL, 
	opener_name TEXT NOT NULL, 
	opened_by UUID, 
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	reason TEXT NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	decided_by UUID, 
	decided_at TIMESTAMP WITH TIME ZONE, 
	decision TEXT NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_contest PRIMARY KEY (id), 
	CONSTRAINT ck_contest_contestsubject CHECK (subject IN ('proof', 'credit')), 
	CONSTRAINT ck_contest_conteststate CHECK (state IN ('open', 'upheld', 'dismissed', 'withdrawn'))
)
-- next
CREATE INDEX ix_contest_order_id ON contest (order_id)
-- next
CREATE INDEX ix_contest_owner_id ON contest (owner_id)
-- next
CREATE INDEX ix_contest_owner_id_state_opened_at ON contest (owner_id, state, opened_at)
-- next
CREATE INDEX ix_contest_subject_id ON contest (subject_id)
-- next
CREATE UNIQUE INDEX uq_contest_open ON contest (subject, subject_id) WHERE state = 'open'
-- next
CREATE TABLE correction (
	key UUID NOT NULL, 
	order_id UUID NOT NULL, 
	delivery_id UUID NOT NULL, 
	replaces_id UUID NOT NULL, 
	source VARCHAR(40) NOT NULL, 
	event_id UUID, 
	reason TEXT NOT NULL, 
	by UUID, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_correction PRIMARY KEY (id), 
	CONSTRAINT uq_correction_owner_id_key_order_id UNIQUE (owner_id, key, order_id), 
	CONSTRAINT uq_correction_delivery_id UNIQUE (delivery_id), 
	CONSTRAINT ck_correction_correctionsource CHECK (source IN ('tablet', 'office', 'dispute'))
)
-- next
CREATE INDEX ix_correction_order_id ON correction (order_id)
-- next
CREATE INDEX ix_correction_owner_id ON correction (owner_id)
-- next
CREATE TABLE credit_note (
	kind VARCHAR(40) NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	buyer_id UUID NOT NULL, 
	seller_ids UUID[] NOT NULL, 
	invoice_id UUID, 
	cause_kind TEXT NOT NULL, 
	cause_id UUID NOT NULL, 
	reason_fr TEXT NOT NULL, 
	reason_en TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	series TEXT, 
	year INTEGER, 
	sequence BIGINT, 
	number TEXT NOT NULL, 
	issued_on DATE, 
	published_at TIMESTAMP WITH TIME ZONE, 
	net_cents BIGINT NOT NULL, 
	tax_cents BIGINT NOT NULL, 
	deposit_cents BIGINT NOT NULL, 
	total_cents BIGINT NOT NULL, 
	taxes JSONB NOT NULL, 
	parties_text JSONB NOT NULL, 
	agent_fee_cents BIGINT NOT NULL, 
	prev_hash BYTEA, 
	hash BYTEA, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_credit_note PRIMARY KEY (id), 
	CONSTRAINT uq_credit_note_owner_id_series_year_sequence UNIQUE (owner_id, series, year, sequence), 
	CONSTRAINT uq_credit_note_owner_id_cause_kind_cause_id UNIQUE (owner_id, cause_kind, cause_id), 
	CONSTRAINT ck_credit_note_creditkind CHECK (kind IN ('items', 'container_deposit', 'free_amount', 'void')), 
	CONSTRAINT ck_credit_note_creditstate CHECK (state IN ('proposed', 'issued', 'refused', 'cancelled'))
)
-- next
CREATE INDEX ix_credit_note_invoice_id ON credit_note (invoice_id)
-- next
CREATE INDEX ix_credit_note_owner_id ON credit_note (owner_id)
-- next
CREATE INDEX ix_credit_note_owner_id_buyer_id ON credit_note (owner_id, buyer_id)
-- next
CREATE TABLE customer_account (
	buyer_id UUID NOT NULL, 
	credit_limit_cents INTEGER, 
	held_since TIMESTAMP WITH TIME ZONE, 
	hold_reason TEXT NOT NULL, 
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_customer_account PRIMARY KEY (id), 
	CONSTRAINT uq_customer_account_owner_id_buyer_id UNIQUE (owner_id, buyer_id)
)
-- next
CREATE INDEX ix_customer_account_owner_id ON customer_account (owner_id)
-- next
CREATE TABLE customer_group (
	name TEXT NOT NULL, 
	is_everyone BOOLEAN NOT NULL, 
	billing_type VARCHAR(40), 
	emission VARCHAR(40), 
	deliver_with VARCHAR(40), 
	one_invoice_a_stop BOOLEAN, 
	settlement_policy VARCHAR(40), 
	net_days INTEGER, 
	min_items INTEGER, 
	min_value_cents INTEGER, 
	auto_accept BOOLEAN, 
	discount_bp INTEGER, 
	note_fr TEXT, 
	note_en TEXT, 
	footer_fr TEXT, 
	footer_en TEXT, 
	balance_visible BOOLEAN, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_customer_group PRIMARY KEY (id), 
	CONSTRAINT uq_customer_group_owner_id_name UNIQUE (owner_id, name), 
	CONSTRAINT ck_customer_group_billingtype CHECK (billing_type IN ('platform', 'external', 'agent')), 
	CONSTRAINT ck_customer_group_emission CHECK (emission IN ('manual', 'on_accept', 'on_delivered', 'on_run_documents')), 
	CONSTRAINT ck_customer_group_deliverwith CHECK (deliver_with IN ('po', 'invoice')), 
	CONSTRAINT ck_customer_group_settlementpolicy CHECK (settlement_policy IN ('adjust', 'credit'))
)
-- next
CREATE INDEX ix_customer_group_owner_id ON customer_group (owner_id)
-- next
CREATE TABLE delivery_cycle (
	name TEXT NOT NULL, 
	first_on DATE NOT NULL, 
	every_weeks INTEGER NOT NULL, 
	site_ids UUID[] NOT NULL, 
	seller_ids UUID[] NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_delivery_cycle PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_delivery_cycle_owner_id ON delivery_cycle (owner_id)
-- next
CREATE TABLE deposit_revaluation (
	class_id UUID NOT NULL, 
	as_of DATE NOT NULL, 
	price_id UUID NOT NULL, 
	units INTEGER NOT NULL, 
	unit_cents INTEGER NOT NULL, 
	standing_cents BIGINT NOT NULL, 
	amount_cents BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_deposit_revaluation PRIMARY KEY (id), 
	CONSTRAINT uq_deposit_revaluation_owner_id_class_id_as_of UNIQUE (owner_id, class_id, as_of)
)
-- next
CREATE INDEX ix_deposit_revaluation_owner_id ON deposit_revaluation (owner_id)
-- next
CREATE TABLE device (
	name TEXT NOT NULL, 
	public_key BYTEA NOT NULL, 
	driver_id UUID NOT NULL, 
	driver_name TEXT NOT NULL, 
	enrolled_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	revoked_at TIMESTAMP WITH TIME ZONE, 
	seen_at TIMESTAMP WITH TIME ZONE, 
	app_version TEXT NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_device PRIMARY KEY (id), 
	CONSTRAINT uq_device_public_key UNIQUE (public_key)
)
-- next
CREATE INDEX ix_device_owner_id ON device (owner_id)
-- next
CREATE TABLE device_challenge (
	device_id UUID NOT NULL, 
	nonce_hash TEXT NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	used_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_device_challenge PRIMARY KEY (id), 
	CONSTRAINT uq_device_challenge_nonce_hash UNIQUE (nonce_hash)
)
-- next
CREATE INDEX ix_device_challenge_device_id ON device_challenge (device_id)
-- next
CREATE INDEX ix_device_challenge_owner_id ON device_challenge (owner_id)
-- next
CREATE TABLE device_event (
	device_id UUID NOT NULL, 
	seq BIGINT NOT NULL, 
	event_id UUID NOT NULL, 
	type TEXT NOT NULL, 
	run_id UUID, 
	stop_id UUID, 
	body BYTEA NOT NULL, 
	hash TEXT NOT NULL, 
	signature TEXT NOT NULL, 
	groups JSONB NOT NULL, 
	group_padding JSONB NOT NULL, 
	files TEXT[] NOT NULL, 
	outcome VARCHAR(40) NOT NULL, 
	refusal JSONB NOT NULL, 
	documents JSONB NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_device_event PRIMARY KEY (id), 
	CONSTRAINT uq_device_event_device_id_seq UNIQUE (device_id, seq), 
	CONSTRAINT uq_device_event_event_id UNIQUE (event_id), 
	CONSTRAINT ck_device_event_eventoutcome CHECK (outcome IN ('applied', 'parked', 'decided'))
)
-- next
CREATE INDEX ix_device_event_owner_id ON device_event (owner_id)
-- next
CREATE INDEX ix_device_event_owner_id_outcome ON device_event (owner_id, outcome)
-- next
CREATE INDEX ix_device_event_owner_id_run_id ON device_event (owner_id, run_id)
-- next
CREATE TABLE device_stream (
	device_id UUID NOT NULL, 
	last_seq BIGINT NOT NULL, 
	head TEXT NOT NULL, 
	safe_seq BIGINT NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	server_offset_ms BIGINT NOT NULL, 
	announced_seq BIGINT NOT NULL, 
	heard_at TIMESTAMP WITH TIME ZONE, 
	told_all_at TIMESTAMP WITH TIME ZONE, 
	heard_epoch TEXT DEFAULT '' NOT NULL, 
	pulled_epoch TEXT DEFAULT '' NOT NULL, 
	laid_aside_at TIMESTAMP WITH TIME ZONE, 
	owed_seq BIGINT DEFAULT '0' NOT NULL, 
	strays_refused BIGINT NOT NULL, 
	damaged JSONB DEFAULT '[]' NOT NULL, 
	pace_minute BIGINT DEFAULT '0' NOT NULL, 
	pace_count INTEGER DEFAULT '0' NOT NULL, 
	calls_minute BIGINT DEFAULT '0' NOT NULL, 
	calls_leased INTEGER DEFAULT '0' NOT NULL, 
	files_day BIGINT DEFAULT '0' NOT NULL, 
	files_bytes BIGINT DEFAULT '0' NOT NULL, 
	retired_at TIMESTAMP WITH TIME ZONE, 
	retired_by UUID, 
	retired_note TEXT NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_device_stream PRIMARY KEY (id), 
	CONSTRAINT uq_device_stream_device_id UNIQUE (device_id), 
	CONSTRAINT ck_device_stream_streamstate CHECK (state IN ('open', 'forked', 'retired'))
)
-- next
CREATE INDEX ix_device_stream_owner_id ON device_stream (owner_id)
-- next
CREATE TABLE device_token (
	token_hash TEXT NOT NULL, 
	device_id UUID NOT NULL, 
	carrier_id UUID NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_device_token PRIMARY KEY (id), 
	CONSTRAINT uq_device_token_token_hash UNIQUE (token_hash)
)
-- next
CREATE INDEX ix_device_token_device_id ON device_token (device_id)
-- next
CREATE INDEX ix_device_token_owner_id ON device_token (owner_id)
-- next
CREATE TABLE discrepancy (
	kind TEXT NOT NULL, 
	subject_id UUID NOT NULL, 
	against_id UUID, 
	run_id UUID, 
	stop_id UUID, 
	text_fr TEXT NOT NULL, 
	text_en TEXT NOT NULL, 
	facts JSONB NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	decided_at TIMESTAMP WITH TIME ZONE, 
	decided_by UUID, 
	decision TEXT NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_discrepancy PRIMARY KEY (id), 
	CONSTRAINT uq_discrepancy_owner_id_kind_subject_id_against_id UNIQUE NULLS NOT DISTINCT (owner_id, kind, subject_id, against_id), 
	CONSTRAINT ck_discrepancy_discrepancystate CHECK (state IN ('open', 'decided'))
)
-- next
CREATE INDEX ix_discrepancy_owner_id ON discrepancy (owner_id)
-- next
CREATE INDEX ix_discrepancy_owner_id_state ON discrepancy (owner_id, state)
-- next
CREATE TABLE document (
	kind VARCHAR(40) NOT NULL, 
	subject_id UUID NOT NULL, 
	order_id UUID, 
	run_id UUID, 
	language TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_document PRIMARY KEY (id), 
	CONSTRAINT uq_document_owner_id_kind_subject_id_language_revision UNIQUE (owner_id, kind, subject_id, language, revision), 
	CONSTRAINT ck_document_documentkind CHECK (kind IN ('purchase_order', 'delivery_slip', 'invoice', 'provisional_invoice', 'credit_note', 'variance_notice', 'run_sheet', 'load_list', 'run_packet', 'proof_pdf', 'proof_file'))
)
-- next
CREATE INDEX ix_document_owner_id ON document (owner_id)
-- next
CREATE INDEX ix_document_owner_id_order_id ON document (owner_id, order_id)
-- next
CREATE INDEX ix_document_subject_id ON document (subject_id)
-- next
CREATE TABLE email_message (
	key TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	subject_id UUID, 
	message_id TEXT NOT NULL, 
	recipient TEXT NOT NULL, 
	link_id UUID, 
	reader_id UUID, 
	language TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	body TEXT NOT NULL, 
	document_ids UUID[] NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	tries INTEGER NOT NULL, 
	last_error TEXT NOT NULL, 
	written_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	sent_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_email_message PRIMARY KEY (id), 
	CONSTRAINT uq_email_message_owner_id_key UNIQUE (owner_id, key), 
	CONSTRAINT ck_email_message_sendingstate CHECK (state IN ('waiting', 'sent', 'failed'))
)
-- next
CREATE INDEX ix_email_message_owner_id ON email_message (owner_id)
-- next
CREATE TABLE enrolment_code (
	code_hash TEXT NOT NULL, 
	driver_id UUID NOT NULL, 
	driver_name TEXT NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	used_at TIMESTAMP WITH TIME ZONE, 
	device_id UUID, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_enrolment_code PRIMARY KEY (id), 
	CONSTRAINT uq_enrolment_code_code_hash UNIQUE (code_hash)
)
-- next
CREATE INDEX ix_enrolment_code_owner_id ON enrolment_code (owner_id)
-- next
CREATE TABLE event_decision (
	event_id UUID NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	reason TEXT NOT NULL, 
	refusal JSONB NOT NULL, 
	by UUID, 
	decided_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_event_decision PRIMARY KEY (id), 
	CONSTRAINT uq_event_decision_event_id UNIQUE (event_id), 
	CONSTRAINT ck_event_decision_decisionkind CHECK (kind IN ('applied', 'replaced', 'set_aside'))
)
-- next
CREATE INDEX ix_event_decision_owner_id ON event_decision (owner_id)
-- next
CREATE TABLE fact (
	position BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	subject_id UUID NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	by UUID, 
	device_id UUID, 
	cause_id UUID, 
	prev_hash BYTEA NOT NULL, 
	hash BYTEA NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_fact PRIMARY KEY (id), 
	CONSTRAINT uq_fact_owner_id_position UNIQUE (owner_id, position)
)
-- next
CREATE INDEX ix_fact_owner_id ON fact (owner_id)
-- next
CREATE INDEX ix_fact_owner_id_subject_id ON fact (owner_id, subject_id)
-- next
CREATE TABLE hand_record (
	order_id UUID NOT NULL, 
	key UUID NOT NULL, 
	by UUID, 
	by_name TEXT NOT NULL, 
	delivered_on DATE NOT NULL, 
	words TEXT NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_hand_record PRIMARY KEY (id), 
	CONSTRAINT uq_hand_record_order_id_key UNIQUE (order_id, key)
)
-- next
CREATE INDEX ix_hand_record_owner_id ON hand_record (owner_id)
-- next
CREATE TABLE inbox_message (
	key TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	subject_id UUID NOT NULL, 
	title_fr TEXT NOT NULL, 
	title_en TEXT NOT NULL, 
	text_fr TEXT NOT NULL, 
	text_en TEXT NOT NULL, 
	link TEXT NOT NULL, 
	arrived_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	read_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_inbox_message PRIMARY KEY (id), 
	CONSTRAINT uq_inbox_message_owner_id_key UNIQUE (owner_id, key)
)
-- next
CREATE INDEX ix_inbox_message_owner_id ON inbox_message (owner_id)
-- next
CREATE INDEX ix_inbox_message_owner_id_read_at ON inbox_message (owner_id, read_at)
-- next
CREATE TABLE invitation (
	token_hash TEXT NOT NULL, 
	email TEXT NOT NULL, 
	language TEXT NOT NULL, 
	roles TEXT[] NOT NULL, 
	org_id UUID NOT NULL, 
	organisation_kind VARCHAR(40) NOT NULL, 
	organisation_name TEXT NOT NULL, 
	inviter_name TEXT NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	used_at TIMESTAMP WITH TIME ZONE, 
	revoked_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_invitation PRIMARY KEY (id), 
	CONSTRAINT ck_invitation_roles CHECK (roles <@ ARRAY['owner', 'dispatcher', 'driver', 'accountant', 'admin'] AND cardinality(roles) > 0), 
	CONSTRAINT uq_invitation_token_hash UNIQUE (token_hash), 
	CONSTRAINT ck_invitation_organisationkind CHECK (organisation_kind IN ('supplier', 'distributor', 'retailer', 'agent'))
)
-- next
CREATE INDEX ix_invitation_owner_id ON invitation (owner_id)
-- next
CREATE TABLE journal_entry (
	document_kind TEXT NOT NULL, 
	document_id UUID NOT NULL, 
	currency TEXT NOT NULL, 
	posted_on DATE NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_journal_entry PRIMARY KEY (id), 
	CONSTRAINT uq_journal_entry_owner_id_document_kind_document_id UNIQUE (owner_id, document_kind, document_id)
)
-- next
CREATE INDEX ix_journal_entry_owner_id ON journal_entry (owner_id)
-- next
CREATE TABLE list_price (
	rule_id UUID NOT NULL, 
	format_id UUID NOT NULL, 
	unit_price NUMERIC(16, 4) NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_list_price PRIMARY KEY (id), 
	CONSTRAINT uq_list_price_rule_id_format_id UNIQUE (rule_id, format_id)
)
-- next
CREATE INDEX ix_list_price_format_id ON list_price (format_id)
-- next
CREATE INDEX ix_list_price_owner_id ON list_price (owner_id)
-- next
CREATE TABLE list_taste (
	user_id UUID NOT NULL, 
	list_name TEXT NOT NULL, 
	hidden TEXT[] NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_list_taste PRIMARY KEY (id), 
	CONSTRAINT uq_list_taste_owner_id_user_id_list_name UNIQUE (owner_id, user_id, list_name)
)
-- next
CREATE INDEX ix_list_taste_owner_id ON list_taste (owner_id)
-- next
CREATE TABLE membership (
	user_id UUID NOT NULL, 
	email TEXT NOT NULL, 
	display_name TEXT NOT NULL, 
	roles TEXT[] NOT NULL, 
	organisation_kind VARCHAR(40) NOT NULL, 
	organisation_name TEXT NOT NULL, 
	nip_hash TEXT NOT NULL, 
	disabled_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_membership PRIMARY KEY (id), 
	CONSTRAINT uq_membership_owner_id_user_id UNIQUE (owner_id, user_id), 
	CONSTRAINT ck_membership_roles CHECK (roles <@ ARRAY['owner', 'dispatcher', 'driver', 'accountant', 'admin'] AND cardinality(roles) > 0), 
	CONSTRAINT ck_membership_organisationkind CHECK (organisation_kind IN ('supplier', 'distributor', 'retailer', 'agent'))
)
-- next
CREATE INDEX ix_membership_owner_id ON membership (owner_id)
-- next
CREATE INDEX ix_membership_user_id ON membership (user_id)
-- next
CREATE TABLE message (
	thread_id UUID NOT NULL, 
	key UUID, 
	author_id UUID, 
	author_name TEXT NOT NULL, 
	text_fr TEXT NOT NULL, 
	text_en TEXT NOT NULL, 
	said_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_message PRIMARY KEY (id), 
	CONSTRAINT uq_message_thread_id_author_id_key UNIQUE (thread_id, author_id, key)
)
-- next
CREATE INDEX ix_message_owner_id ON message (owner_id)
-- next
CREATE INDEX ix_message_thread_id ON message (thread_id)
-- next
CREATE TABLE notification_choice (
	reader_id UUID NOT NULL, 
	event TEXT NOT NULL, 
	in_app BOOLEAN NOT NULL, 
	by_email BOOLEAN NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_notification_choice PRIMARY KEY (id), 
	CONSTRAINT uq_notification_choice_owner_id_reader_id_event UNIQUE (owner_id, reader_id, event)
)
-- next
CREATE INDEX ix_notification_choice_owner_id ON notification_choice (owner_id)
-- next
CREATE TABLE number_series (
	series TEXT NOT NULL, 
	year INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	last_hash BYTEA NOT NULL, 
	last_issued_on DATE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_number_series PRIMARY KEY (id), 
	CONSTRAINT uq_number_series_owner_id_series_year UNIQUE (owner_id, series, year)
)
-- next
CREATE INDEX ix_number_series_owner_id ON number_series (owner_id)
-- next
CREATE TABLE "order" (
	number TEXT NOT NULL, 
	key UUID, 
	external_id TEXT, 
	buyer_id UUID NOT NULL, 
	site_id UUID NOT NULL, 
	carrier_id UUID, 
	agent_id UUID, 
	issuer_id UUID, 
	agreement_id UUID, 
	distribution VARCHAR(40) NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	billing_state VARCHAR(40) NOT NULL, 
	billing_type VARCHAR(40) NOT NULL, 
	emission VARCHAR(40) NOT NULL, 
	deliver_with VARCHAR(40) NOT NULL, 
	one_invoice_a_stop BOOLEAN NOT NULL, 
	settlement_policy VARCHAR(40) NOT NULL, 
	credit_threshold_cents INTEGER, 
	agent_fee_bp INTEGER NOT NULL, 
	net_days INTEGER NOT NULL, 
	currency TEXT NOT NULL, 
	taxed BOOLEAN NOT NULL, 
	with_deposits BOOLEAN NOT NULL, 
	document_discount_cents BIGINT NOT NULL, 
	rebates JSONB NOT NULL, 
	net_cents BIGINT NOT NULL, 
	tax_cents BIGINT NOT NULL, 
	deposit_cents BIGINT NOT NULL, 
	total_cents BIGINT NOT NULL, 
	note TEXT NOT NULL, 
	created_by UUID, 
	created_by_name TEXT NOT NULL, 
	created_by_org_id UUID NOT NULL, 
	created_for_id UUID NOT NULL, 
	submitted_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	accepted_at TIMESTAMP WITH TIME ZONE, 
	accepted_by_system BOOLEAN NOT NULL, 
	priced_on DATE NOT NULL, 
	charged_taxes TEXT[] NOT NULL, 
	planned_on DATE, 
	wanted_on DATE, 
	delivered_at TIMESTAMP WITH TIME ZONE, 
	supplement_of_id UUID, 
	supplement_of_delivery_id UUID, 
	outside_invoice_number TEXT NOT NULL, 
	outside_invoice_on DATE, 
	submitted_snapshot JSONB NOT NULL, 
	revision INTEGER NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_order PRIMARY KEY (id), 
	CONSTRAINT uq_order_owner_id_number UNIQUE (owner_id, number), 
	CONSTRAINT uq_order_owner_id_external_id UNIQUE (owner_id, external_id), 
	CONSTRAINT uq_order_owner_id_created_by_org_id_key UNIQUE (owner_id, created_by_org_id, key), 
	CONSTRAINT ck_order_distributionmethod CHECK (distribution IN ('distributor', 'self_distributed', 'shipped', 'pickup')), 
	CONSTRAINT ck_order_orderstate CHECK (state IN ('draft', 'pending', 'accepted', 'planned', 'shipped', 'delivered', 'partly_delivered', 'not_delivered', 'rejected', 'expired', 'cancelled')), 
	CONSTRAINT ck_order_billingstate CHECK (billing_state IN ('uninvoiced', 'under_way', 'settled', 'invoiced_outside')), 
	CONSTRAINT ck_order_billingtype CHECK (billing_type IN ('platform', 'external', 'agent')), 
	CONSTRAINT ck_order_emission CHECK (emission IN ('manual', 'on_accept', 'on_delivered', 'on_run_documents')), 
	CONSTRAINT ck_order_deliverwith CHECK (deliver_with IN ('po', 'invoice')), 
	CONSTRAINT ck_order_settlementpolicy CHECK (settlement_policy IN ('adjust', 'credit')), 
	CONSTRAINT uq_order_supplement_of_delivery_id UNIQUE (supplement_of_delivery_id)
)
-- next
CREATE INDEX ix_order_buyer_id ON "order" (buyer_id)
-- next
CREATE INDEX ix_order_carrier_id_planned_on ON "order" (carrier_id, planned_on)
-- next
CREATE INDEX ix_order_day_id ON "order" (coalesce(planned_on, '9999-12-31'::date) DESC, id DESC) INCLUDE (owner_id, party_ids, buyer_id, number, state, billing_state, planned_on, delivered_at, submitted_at)
-- next
CREATE INDEX ix_order_newest ON "order" (submitted_at DESC, id DESC)
-- next
CREATE INDEX ix_order_owner_id ON "order" (owner_id)
-- next
CREATE INDEX ix_order_state ON "order" (state, submitted_at DESC, id DESC) INCLUDE (owner_id, party_ids)
-- next
CREATE INDEX ix_order_supplement_of_id ON "order" (supplement_of_id)
-- next
CREATE INDEX ix_order_to_invoice ON "order" (delivered_at) INCLUDE (owner_id, party_ids) WHERE state IN ('delivered', 'partly_delivered') AND billing_state NOT IN ('settled', 'invoiced_outside')
-- next
CREATE TABLE order_entry (
	order_id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	text_fr TEXT NOT NULL, 
	text_en TEXT NOT NULL, 
	by UUID, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_order_entry PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_order_entry_order_id ON order_entry (order_id)
-- next
CREATE INDEX ix_order_entry_owner_id ON order_entry (owner_id)
-- next
CREATE TABLE order_file (
	order_id UUID NOT NULL, 
	name TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	added_by UUID, 
	added_by_name TEXT NOT NULL, 
	added_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	removed_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_order_file PRIMARY KEY (id), 
	CONSTRAINT uq_order_file_owner_id_order_id_sha256 UNIQUE (owner_id, order_id, sha256)
)
-- next
CREATE INDEX ix_order_file_order_id_added_at ON order_file (order_id, added_at)
-- next
CREATE INDEX ix_order_file_owner_id ON order_file (owner_id)
-- next
CREATE TABLE order_number (
	year INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_order_number PRIMARY KEY (id), 
	CONSTRAINT uq_order_number_owner_id_year UNIQUE (owner_id, year)
)
-- next
CREATE INDEX ix_order_number_owner_id ON order_number (owner_id)
-- next
CREATE TABLE order_request (
	order_id UUID NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	words TEXT NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	asked_by UUID, 
	asked_by_name TEXT NOT NULL, 
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	answered_by UUID, 
	answered_at TIMESTAMP WITH TIME ZONE, 
	answer TEXT NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_order_request PRIMARY KEY (id), 
	CONSTRAINT ck_order_request_requestkind CHECK (kind IN ('change', 'cancel')), 
	CONSTRAINT ck_order_request_requeststate CHECK (state IN ('open', 'granted', 'declined'))
)
-- next
CREATE INDEX ix_order_request_order_id ON order_request (order_id)
-- next
CREATE INDEX ix_order_request_owner_id ON order_request (owner_id)
-- next
CREATE TABLE organisation (
	kind VARCHAR(40) NOT NULL, 
	name TEXT NOT NULL, 
	legal_name TEXT NOT NULL, 
	language TEXT NOT NULL, 
	timezone TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	email TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	street TEXT NOT NULL, 
	city TEXT NOT NULL, 
	postal_code TEXT NOT NULL, 
	footer_fr TEXT NOT NULL, 
	footer_en TEXT NOT NULL, 
	code TEXT NOT NULL, 
	correction_policy VARCHAR(40) NOT NULL, 
	kept_by_id UUID, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_organisation PRIMARY KEY (id), 
	CONSTRAINT ck_organisation_organisationkind CHECK (kind IN ('supplier', 'distributor', 'retailer', 'agent')), 
	CONSTRAINT ck_organisation_correctionpolicy CHECK (correction_policy IN ('review', 'automatic'))
)
-- next
CREATE INDEX ix_organisation_owner_id ON organisation (owner_id)
-- next
CREATE TABLE paper_archive (
	order_ids UUID[] NOT NULL, 
	kinds TEXT[] NOT NULL, 
	asked_by UUID, 
	asked_by_name TEXT NOT NULL, 
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	total INTEGER NOT NULL, 
	done INTEGER NOT NULL, 
	missing INTEGER NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	manifest_sha256 TEXT NOT NULL, 
	ready_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_paper_archive PRIMARY KEY (id), 
	CONSTRAINT ck_paper_archive_archivestate CHECK (state IN ('waiting', 'gathering', 'ready', 'failed'))
)
-- next
CREATE INDEX ix_paper_archive_owner_id ON paper_archive (owner_id)
-- next
CREATE TABLE paper_link (
	token_hash TEXT NOT NULL, 
	email TEXT NOT NULL, 
	title_fr TEXT NOT NULL, 
	title_en TEXT NOT NULL, 
	subject_id UUID NOT NULL, 
	order_id UUID, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	revoked_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_paper_link PRIMARY KEY (id), 
	CONSTRAINT uq_paper_link_token_hash UNIQUE (token_hash)
)
-- next
CREATE INDEX ix_paper_link_owner_id ON paper_link (owner_id)
-- next
CREATE TABLE paper_link_use (
	link_id UUID NOT NULL, 
	document_id UUID, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_paper_link_use PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_paper_link_use_link_id ON paper_link_use (link_id)
-- next
CREATE INDEX ix_paper_link_use_owner_id ON paper_link_use (owner_id)
-- next
CREATE TABLE paper_proof (
	order_id UUID, 
	order_number TEXT NOT NULL, 
	name TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	shown_sha256 TEXT NOT NULL, 
	shown_size_bytes INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	uploaded_by UUID, 
	uploaded_by_name TEXT NOT NULL, 
	uploaded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	matched_by UUID, 
	matched_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_paper_proof PRIMARY KEY (id), 
	CONSTRAINT uq_paper_proof_owner_id_sha256 UNIQUE (owner_id, sha256)
)
-- next
CREATE INDEX ix_paper_proof_order_id ON paper_proof (order_id)
-- next
CREATE INDEX ix_paper_proof_owner_id ON paper_proof (owner_id)
-- next
CREATE INDEX ix_paper_proof_owner_id_matched_at_uploaded_at ON paper_proof (owner_id, matched_at, uploaded_at)
-- next
CREATE TABLE partner_code (
	code TEXT NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_partner_code PRIMARY KEY (id), 
	CONSTRAINT uq_partner_code_owner_id UNIQUE (owner_id), 
	CONSTRAINT uq_partner_code_code UNIQUE (code)
)
-- next
CREATE INDEX ix_partner_code_owner_id ON partner_code (owner_id)
-- next
CREATE TABLE payment (
	buyer_id UUID NOT NULL, 
	method VARCHAR(40) NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	currency TEXT NOT NULL, 
	amount_cents BIGINT NOT NULL, 
	rounding_cents BIGINT NOT NULL, 
	received_on DATE NOT NULL, 
	reference TEXT NOT NULL, 
	cause_id UUID NOT NULL, 
	invoice_id UUID, 
	provider_ref TEXT NOT NULL, 
	pay_url TEXT NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	banked_on DATE, 
	banked_at TIMESTAMP WITH TIME ZONE, 
	failed_on DATE, 
	failed_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_payment PRIMARY KEY (id), 
	CONSTRAINT uq_payment_owner_id_cause_id UNIQUE (owner_id, cause_id), 
	CONSTRAINT ck_payment_paymentmethod CHECK (method IN ('cash', 'cheque', 'interac', 'transfer', 'gateway', 'bank_file')), 
	CONSTRAINT ck_payment_paymentstate CHECK (state IN ('initiated', 'pending', 'succeeded', 'allocated', 'failed', 'refunded'))
)
-- next
CREATE INDEX ix_payment_owner_id ON payment (owner_id)
-- next
CREATE INDEX ix_payment_owner_id_buyer_id ON payment (owner_id, buyer_id)
-- next
CREATE UNIQUE INDEX uq_payment_provider ON payment (owner_id, provider_ref) WHERE provider_ref <> ''
-- next
CREATE TABLE plan (
	key UUID, 
	runs_on DATE NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	progress INTEGER NOT NULL, 
	seconds INTEGER NOT NULL, 
	iterations INTEGER, 
	seed INTEGER NOT NULL, 
	order_revisions JSONB NOT NULL, 
	solution JSONB NOT NULL, 
	problem_fr TEXT NOT NULL, 
	problem_en TEXT NOT NULL, 
	matrix_source VARCHAR(40) NOT NULL, 
	requested_by UUID, 
	requested_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	finished_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_plan PRIMARY KEY (id), 
	CONSTRAINT uq_plan_owner_id_key UNIQUE (owner_id, key), 
	CONSTRAINT ck_plan_planstate CHECK (state IN ('requested', 'solved', 'failed', 'adopted')), 
	CONSTRAINT ck_plan_matrixsource CHECK (matrix_source IN ('roads', 'estimate'))
)
-- next
CREATE INDEX ix_plan_owner_id ON plan (owner_id)
-- next
CREATE TABLE price_rule (
	kind VARCHAR(40) NOT NULL, 
	name_fr TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	group_ids UUID[] NOT NULL, 
	buyer_ids UUID[] NOT NULL, 
	format_ids UUID[] NOT NULL, 
	percent_off NUMERIC(7, 4), 
	amount_off NUMERIC(16, 4), 
	fixed_price NUMERIC(16, 4), 
	min_quantity INTEGER NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_until DATE, 
	set_by TEXT NOT NULL, 
	set_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_price_rule PRIMARY KEY (id), 
	CONSTRAINT ck_price_rule_says_how CHECK ((kind = 'list') = (percent_off IS NULL AND amount_off IS NULL AND fixed_price IS NULL)), 
	CONSTRAINT ck_price_rule_says_one_way CHECK (num_nonnulls(percent_off, amount_off, fixed_price) <= 1), 
	CONSTRAINT ck_price_rule_days CHECK (valid_until IS NULL OR valid_until >= valid_from), 
	CONSTRAINT ck_price_rule_rulekind CHECK (kind IN ('list', 'discount', 'promotion'))
)
-- next
CREATE INDEX ix_price_rule_owner_id ON price_rule (owner_id)
-- next
CREATE UNIQUE INDEX uq_price_rule_reference ON price_rule (owner_id, reference) WHERE reference <> ''
-- next
CREATE TABLE product (
	name_fr TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	style TEXT NOT NULL, 
	description_fr TEXT NOT NULL, 
	description_en TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	tax_codes TEXT[] NOT NULL, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_product PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_product_owner_id ON product (owner_id)
-- next
CREATE UNIQUE INDEX uq_product_reference ON product (owner_id, reference) WHERE reference <> ''
-- next
CREATE TABLE product_format (
	product_id UUID NOT NULL, 
	name_fr TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	sales_unit VARCHAR(40) NOT NULL, 
	container_class_id UUID, 
	container_ml INTEGER NOT NULL, 
	units_a_pack INTEGER NOT NULL, 
	packs_a_unit INTEGER NOT NULL, 
	containers_a_unit INTEGER NOT NULL, 
	weight_g INTEGER NOT NULL, 
	volume_ml INTEGER NOT NULL, 
	unit_price NUMERIC(16, 4) NOT NULL, 
	priced_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	priced_by TEXT NOT NULL, 
	tax_codes TEXT[] NOT NULL, 
	own_taxes BOOLEAN NOT NULL, 
	barcode TEXT NOT NULL, 
	pack_barcode TEXT NOT NULL, 
	container_barcode TEXT NOT NULL, 
	unlimited BOOLEAN NOT NULL, 
	listed BOOLEAN NOT NULL, 
	group_ids UUID[] NOT NULL, 
	buyer_ids UUID[] NOT NULL, 
	max_an_order INTEGER, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_product_format PRIMARY KEY (id), 
	CONSTRAINT ck_product_format_salesunit CHECK (sales_unit IN ('case', 'keg', 'unit'))
)
-- next
CREATE INDEX ix_product_format_owner_id ON product_format (owner_id)
-- next
CREATE INDEX ix_product_format_product_id ON product_format (product_id)
-- next
CREATE UNIQUE INDEX uq_product_format_reference ON product_format (owner_id, reference) WHERE reference <> ''
-- next
CREATE TABLE proof (
	delivery_id UUID NOT NULL, 
	order_id UUID NOT NULL, 
	seller_id UUID NOT NULL, 
	file_sha256 TEXT NOT NULL, 
	file_size_bytes INTEGER NOT NULL, 
	pdf_sha256 TEXT NOT NULL, 
	pdf_size_bytes INTEGER NOT NULL, 
	missing_attachments TEXT[] NOT NULL, 
	server_key TEXT NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_proof PRIMARY KEY (id), 
	CONSTRAINT uq_proof_delivery_id UNIQUE (delivery_id)
)
-- next
CREATE INDEX ix_proof_order_id ON proof (order_id)
-- next
CREATE INDEX ix_proof_owner_id ON proof (owner_id)
-- next
CREATE TABLE proof_access (
	proof_id UUID NOT NULL, 
	reader_id UUID NOT NULL, 
	reader_name TEXT NOT NULL, 
	person_id UUID, 
	person_name TEXT NOT NULL, 
	way VARCHAR(40) NOT NULL, 
	part VARCHAR(40) NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_proof_access PRIMARY KEY (id), 
	CONSTRAINT ck_proof_access_accessway CHECK (way IN ('page', 'api', 'email', 'webhook', 'zip')), 
	CONSTRAINT ck_proof_access_accesspart CHECK (part IN ('contents', 'file', 'pdf', 'notice'))
)
-- next
CREATE INDEX ix_proof_access_owner_id ON proof_access (owner_id)
-- next
CREATE INDEX ix_proof_access_owner_id_at ON proof_access (owner_id, at)
-- next
CREATE INDEX ix_proof_access_owner_id_proof_id_at ON proof_access (owner_id, proof_id, at)
-- next
CREATE TABLE proof_day (
	day DATE NOT NULL, 
	body TEXT NOT NULL, 
	key TEXT NOT NULL, 
	signature TEXT NOT NULL, 
	nodes BYTEA NOT NULL, 
	token BYTEA NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_proof_day PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_proof_day_owner_id ON proof_day (owner_id)
-- next
CREATE INDEX ix_proof_day_owner_id_day ON proof_day (owner_id, day)
-- next
CREATE TABLE proof_edition (
	proof_id UUID NOT NULL, 
	number INTEGER NOT NULL, 
	cause VARCHAR(40) NOT NULL, 
	pieces TEXT[] NOT NULL, 
	kept_years INTEGER NOT NULL, 
	file_sha256 TEXT NOT NULL, 
	file_size_bytes INTEGER NOT NULL, 
	pdf_sha256 TEXT NOT NULL, 
	pdf_size_bytes INTEGER NOT NULL, 
	freed_bytes BIGINT NOT NULL, 
	server_key TEXT NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_proof_edition PRIMARY KEY (id), 
	CONSTRAINT uq_proof_edition_proof_id_number UNIQUE (proof_id, number), 
	CONSTRAINT ck_proof_edition_editioncause CHECK (cause IN ('purged', 'resealed'))
)
-- next
CREATE INDEX ix_proof_edition_owner_id ON proof_edition (owner_id)
-- next
CREATE TABLE proof_entry (
	position BIGINT NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	proof_id UUID NOT NULL, 
	proof_owner_id UUID NOT NULL, 
	order_id UUID NOT NULL, 
	driver_id UUID, 
	order_number TEXT NOT NULL, 
	buyer_id UUID NOT NULL, 
	buyer_name TEXT NOT NULL, 
	seller_id UUID NOT NULL, 
	seller_name TEXT NOT NULL, 
	carrier_name TEXT NOT NULL, 
	signer_name TEXT NOT NULL, 
	outcome VARCHAR(40), 
	state VARCHAR(40) NOT NULL, 
	lots TEXT[] NOT NULL, 
	words TEXT NOT NULL, 
	delivered_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	contest_until TIMESTAMP WITH TIME ZONE NOT NULL, 
	revision INTEGER NOT NULL, 
	superseded_by UUID, 
	file_sha256 TEXT NOT NULL, 
	file_size_bytes INTEGER NOT NULL, 
	pdf_sha256 TEXT NOT NULL, 
	pdf_size_bytes INTEGER NOT NULL, 
	seal_sha256 TEXT NOT NULL, 
	missing INTEGER NOT NULL, 
	purged INTEGER NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_proof_entry PRIMARY KEY (id), 
	CONSTRAINT uq_proof_entry_owner_id_proof_id UNIQUE (owner_id, proof_id), 
	CONSTRAINT uq_proof_entry_owner_id_position UNIQUE (owner_id, position), 
	CONSTRAINT ck_proof_entry_proofkind CHECK (kind IN ('sealed', 'paper')), 
	CONSTRAINT ck_proof_entry_visitoutcome CHECK (outcome IN ('complete', 'partial', 'refused', 'failed')), 
	CONSTRAINT ck_proof_entry_proofstate CHECK (state IN ('shared', 'contested', 'closed'))
)
-- next
CREATE INDEX ix_proof_entry_order_id ON proof_entry (order_id)
-- next
CREATE INDEX ix_proof_entry_owner_id ON proof_entry (owner_id)
-- next
CREATE INDEX ix_proof_entry_owner_id_delivered_at_proof_id ON proof_entry (owner_id, delivered_at, proof_id)
-- next
CREATE INDEX ix_proof_entry_owner_id_driver_id_delivered_at ON proof_entry (owner_id, driver_id, delivered_at)
-- next
CREATE INDEX ix_proof_entry_owner_id_order_number ON proof_entry (owner_id, order_number)
-- next
CREATE TABLE proof_export (
	asked_by UUID, 
	asked_by_name TEXT NOT NULL, 
	criteria JSONB NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	total INTEGER NOT NULL, 
	done INTEGER NOT NULL, 
	missing INTEGER NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	manifest_sha256 TEXT NOT NULL, 
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ready_at TIMESTAMP WITH TIME ZONE, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_proof_export PRIMARY KEY (id), 
	CONSTRAINT ck_proof_export_exportstate CHECK (state IN ('waiting', 'gathering', 'ready', 'failed'))
)
-- next
CREATE INDEX ix_proof_export_owner_id ON proof_export (owner_id)
-- next
CREATE INDEX ix_proof_export_owner_id_asked_at ON proof_export (owner_id, asked_at)
-- next
CREATE TABLE provider_account (
	provider VARCHAR(40) NOT NULL, 
	is_enabled BOOLEAN NOT NULL, 
	sealed_key BYTEA NOT NULL, 
	sealed_webhook_secret BYTEA NOT NULL, 
	key_hint TEXT NOT NULL, 
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_provider_account PRIMARY KEY (id), 
	CONSTRAINT uq_provider_account_owner_id_provider UNIQUE (owner_id, provider), 
	CONSTRAINT ck_provider_account_provider CHECK (provider IN ('stripe'))
)
-- next
CREATE INDEX ix_provider_account_owner_id ON provider_account (owner_id)
-- next
CREATE TABLE provider_event (
	provider VARCHAR(40) NOT NULL, 
	event_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	payment_ref TEXT NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_provider_event PRIMARY KEY (id), 
	CONSTRAINT uq_provider_event_owner_id_provider_event_id UNIQUE (owner_id, provider, event_id), 
	CONSTRAINT ck_provider_event_provider CHECK (provider IN ('stripe'))
)
-- next
CREATE INDEX ix_provider_event_owner_id ON provider_event (owner_id)
-- next
CREATE TABLE rate_window (
	bucket TEXT NOT NULL, 
	window_starts_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	count INTEGER NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_rate_window PRIMARY KEY (id), 
	CONSTRAINT uq_rate_window_owner_id_bucket_window_starts_at UNIQUE (owner_id, bucket, window_starts_at)
)
-- next
CREATE INDEX ix_rate_window_owner_id ON rate_window (owner_id)
-- next
CREATE TABLE refund (
	buyer_id UUID NOT NULL, 
	source VARCHAR(40) NOT NULL, 
	source_id UUID NOT NULL, 
	method VARCHAR(40) NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	currency TEXT NOT NULL, 
	amount_cents BIGINT NOT NULL, 
	refunded_on DATE NOT NULL, 
	reason TEXT NOT NULL, 
	cause_id UUID NOT NULL, 
	provider_ref TEXT NOT NULL, 
	is_chargeback BOOLEAN NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	failed_on DATE, 
	failed_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_refund PRIMARY KEY (id), 
	CONSTRAINT uq_refund_owner_id_cause_id UNIQUE (owner_id, cause_id), 
	CONSTRAINT ck_refund_allocationsource CHECK (source IN ('payment', 'credit_note', 'write_off')), 
	CONSTRAINT ck_refund_paymentmethod CHECK (method IN ('cash', 'cheque', 'interac', 'transfer', 'gateway', 'bank_file')), 
	CONSTRAINT ck_refund_refundstate CHECK (state IN ('pending', 'done', 'failed'))
)
-- next
CREATE INDEX ix_refund_owner_id ON refund (owner_id)
-- next
CREATE INDEX ix_refund_owner_id_source_id ON refund (owner_id, source_id)
-- next
CREATE TABLE relation (
	buyer_id UUID NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	said_by_id UUID, 
	said_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_relation PRIMARY KEY (id), 
	CONSTRAINT uq_relation_owner_id_buyer_id UNIQUE (owner_id, buyer_id), 
	CONSTRAINT ck_relation_relationstate CHECK (state IN ('proposed', 'active', 'inactive'))
)
-- next
CREATE INDEX ix_relation_buyer_id ON relation (buyer_id)
-- next
CREATE INDEX ix_relation_owner_id ON relation (owner_id)
-- next
CREATE TABLE reminder (
	buyer_id UUID NOT NULL, 
	invoice_id UUID NOT NULL, 
	level INTEGER NOT NULL, 
	open_cents BIGINT NOT NULL, 
	sent_on DATE NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_reminder PRIMARY KEY (id), 
	CONSTRAINT uq_reminder_owner_id_invoice_id_level UNIQUE (owner_id, invoice_id, level)
)
-- next
CREATE INDEX ix_reminder_owner_id ON reminder (owner_id)
-- next
CREATE TABLE reminder_plan (
	is_on BOOLEAN NOT NULL, 
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ran_at TIMESTAMP WITH TIME ZONE, 
	sent INTEGER NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_reminder_plan PRIMARY KEY (id), 
	CONSTRAINT uq_reminder_plan_owner_id UNIQUE (owner_id)
)
-- next
CREATE INDEX ix_reminder_plan_owner_id ON reminder_plan (owner_id)
-- next
CREATE TABLE road_leg (
	network TEXT NOT NULL, 
	from_site_id UUID NOT NULL, 
	to_site_id UUID NOT NULL, 
	duration_s INTEGER NOT NULL, 
	distance_m INTEGER NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_road_leg PRIMARY KEY (id), 
	CONSTRAINT uq_road_leg_owner_id_network_from_site_id_to_site_id UNIQUE (owner_id, network, from_site_id, to_site_id)
)
-- next
CREATE INDEX ix_road_leg_owner_id ON road_leg (owner_id)
-- next
CREATE TABLE run (
	name TEXT NOT NULL, 
	runs_on DATE NOT NULL, 
	vehicle_id UUID NOT NULL, 
	driver_id UUID, 
	driver_name TEXT NOT NULL, 
	plan_id UUID, 
	state VARCHAR(40) NOT NULL, 
	version INTEGER NOT NULL, 
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ends_at TIMESTAMP WITH TIME ZONE, 
	distance_m INTEGER NOT NULL, 
	duration_s INTEGER NOT NULL, 
	matrix_source VARCHAR(40) NOT NULL, 
	route_e5 JSONB NOT NULL, 
	documented_at TIMESTAMP WITH TIME ZONE, 
	departed_at TIMESTAMP WITH TIME ZONE, 
	returned_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_run PRIMARY KEY (id), 
	CONSTRAINT uq_run_owner_id_runs_on_name UNIQUE (owner_id, runs_on, name), 
	CONSTRAINT ck_run_runstate CHECK (state IN ('draft', 'prepared', 'documented', 'loading', 'ready', 'under_way', 'back', 'synced', 'settled', 'closed', 'cancelled')), 
	CONSTRAINT ck_run_matrixsource CHECK (matrix_source IN ('roads', 'estimate'))
)
-- next
CREATE INDEX ix_run_live ON run (owner_id, driver_id) WHERE state NOT IN ('synced', 'settled', 'closed', 'cancelled')
-- next
CREATE INDEX ix_run_owner_id ON run (owner_id)
-- next
CREATE INDEX ix_run_owner_id_driver_id ON run (owner_id, driver_id)
-- next
CREATE TABLE run_bundle (
	run_id UUID NOT NULL, 
	driver_id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	position BIGINT NOT NULL, 
	body BYTEA NOT NULL, 
	gone BOOLEAN NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_run_bundle PRIMARY KEY (id), 
	CONSTRAINT uq_run_bundle_run_id_version UNIQUE (run_id, version)
)
-- next
CREATE INDEX ix_run_bundle_owner_id ON run_bundle (owner_id)
-- next
CREATE INDEX ix_run_bundle_owner_id_driver_id_position ON run_bundle (owner_id, driver_id, position)
-- next
CREATE TABLE run_given (
	run_id UUID NOT NULL, 
	device_id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	given_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_run_given PRIMARY KEY (id), 
	CONSTRAINT uq_run_given_run_id_device_id UNIQUE (run_id, device_id)
)
-- next
CREATE INDEX ix_run_given_device_id ON run_given (device_id)
-- next
CREATE INDEX ix_run_given_owner_id ON run_given (owner_id)
-- next
CREATE TABLE run_waiver (
	run_id UUID NOT NULL, 
	reason TEXT NOT NULL, 
	missing JSONB NOT NULL, 
	waived_by UUID NOT NULL, 
	waived_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_run_waiver PRIMARY KEY (id), 
	CONSTRAINT uq_run_waiver_run_id UNIQUE (run_id)
)
-- next
CREATE INDEX ix_run_waiver_owner_id ON run_waiver (owner_id)
-- next
CREATE TABLE saved_view (
	user_id UUID NOT NULL, 
	list_name TEXT NOT NULL, 
	name TEXT NOT NULL, 
	query TEXT NOT NULL, 
	shared BOOLEAN NOT NULL, 
	kept_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_saved_view PRIMARY KEY (id), 
	CONSTRAINT uq_saved_view_owner_id_user_id_list_name_name UNIQUE (owner_id, user_id, list_name, name)
)
-- next
CREATE INDEX ix_saved_view_owner_id ON saved_view (owner_id)
-- next
CREATE TABLE server_epoch (
	nonce TEXT NOT NULL, 
	started_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	CONSTRAINT pk_server_epoch PRIMARY KEY (id)
)
-- next
CREATE TABLE signed_receipt (
	device_id UUID NOT NULL, 
	last_seq BIGINT NOT NULL, 
	body TEXT NOT NULL, 
	signature TEXT NOT NULL, 
	given_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_signed_receipt PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_signed_receipt_owner_id ON signed_receipt (owner_id)
-- next
CREATE INDEX ix_signed_receipt_owner_id_device_id_last_seq ON signed_receipt (owner_id, device_id, last_seq)
-- next
CREATE TABLE site (
	name TEXT NOT NULL, 
	street TEXT NOT NULL, 
	city TEXT NOT NULL, 
	postal_code TEXT NOT NULL, 
	lat_e7 INTEGER NOT NULL, 
	lon_e7 INTEGER NOT NULL, 
	phone TEXT NOT NULL, 
	access_note TEXT NOT NULL, 
	recipients JSONB NOT NULL, 
	windows JSONB NOT NULL, 
	service_s INTEGER NOT NULL, 
	equipment TEXT[] NOT NULL, 
	permit_number TEXT NOT NULL, 
	permit_expires_on DATE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_site PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_site_owner_id ON site (owner_id)
-- next
CREATE TABLE stock_allocation (
	format_id UUID NOT NULL, 
	group_ids UUID[] NOT NULL, 
	buyer_ids UUID[] NOT NULL, 
	quantity INTEGER NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_until DATE NOT NULL, 
	set_by TEXT NOT NULL, 
	set_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_stock_allocation PRIMARY KEY (id), 
	CONSTRAINT ck_stock_allocation_days CHECK (valid_until >= valid_from)
)
-- next
CREATE INDEX ix_stock_allocation_format_id ON stock_allocation (format_id)
-- next
CREATE INDEX ix_stock_allocation_owner_id ON stock_allocation (owner_id)
-- next
CREATE TABLE stock_move (
	format_id UUID NOT NULL, 
	quantity INTEGER NOT NULL, 
	source VARCHAR(40) NOT NULL, 
	target VARCHAR(40) NOT NULL, 
	source_keeper_id UUID, 
	target_keeper_id UUID, 
	reason VARCHAR(40) NOT NULL, 
	note TEXT NOT NULL, 
	moved_by TEXT NOT NULL, 
	cause_id UUID NOT NULL, 
	moved_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_stock_move PRIMARY KEY (id), 
	CONSTRAINT uq_stock_move_cause_id_format_id_source_target UNIQUE (cause_id, format_id, source, target), 
	CONSTRAINT ck_stock_move_stockplace CHECK (source IN ('made', 'warehouse', 'transit', 'truck', 'customer', 'lost')), 
	CONSTRAINT ck_stock_move_target_place CHECK (target IN ('made', 'warehouse', 'transit', 'truck', 'customer', 'lost')), 
	CONSTRAINT ck_stock_move_stockreason CHECK (reason IN ('trade', 'received', 'counted', 'breakage', 'expired', 'sample', 'other', 'transfer'))
)
-- next
CREATE INDEX ix_stock_move_format_id ON stock_move (format_id)
-- next
CREATE INDEX ix_stock_move_kept ON stock_move (owner_id, target_keeper_id) WHERE target = 'warehouse' AND target_keeper_id IS NOT NULL
-- next
CREATE INDEX ix_stock_move_owner_id ON stock_move (owner_id)
-- next
CREATE TABLE stock_transfer (
	source_keeper_id UUID, 
	target_keeper_id UUID, 
	state VARCHAR(40) NOT NULL, 
	note TEXT NOT NULL, 
	sent_by TEXT NOT NULL, 
	sent_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ended_by TEXT NOT NULL, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_stock_transfer PRIMARY KEY (id), 
	CONSTRAINT ck_stock_transfer_two_keepers CHECK (source_keeper_id IS DISTINCT FROM target_keeper_id), 
	CONSTRAINT ck_stock_transfer_transferstate CHECK (state IN ('sent', 'accepted', 'cancelled'))
)
-- next
CREATE INDEX ix_stock_transfer_owner_id ON stock_transfer (owner_id)
-- next
CREATE INDEX ix_stock_transfer_owner_id_state ON stock_transfer (owner_id, state)
-- next
CREATE TABLE stray_push (
	device_id UUID NOT NULL, 
	from_seq BIGINT NOT NULL, 
	last_seq BIGINT NOT NULL, 
	head TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	body BYTEA NOT NULL, 
	hashes TEXT[] NOT NULL, 
	files TEXT[] NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_stray_push PRIMARY KEY (id), 
	CONSTRAINT uq_stray_push_device_id_sha256 UNIQUE (device_id, sha256)
)
-- next
CREATE INDEX ix_stray_push_owner_id ON stray_push (owner_id)
-- next
CREATE TABLE tax_rate (
	code TEXT NOT NULL, 
	name_fr TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	rate NUMERIC(9, 6) NOT NULL, 
	valid_from DATE NOT NULL, 
	id UUID NOT NULL, 
	CONSTRAINT pk_tax_rate PRIMARY KEY (id), 
	CONSTRAINT uq_tax_rate_code_valid_from UNIQUE (code, valid_from)
)
-- next
CREATE TABLE tax_registration (
	tax_code TEXT NOT NULL, 
	number TEXT NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_until DATE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_tax_registration PRIMARY KEY (id), 
	CONSTRAINT uq_tax_registration_owner_id_tax_code_valid_from UNIQUE (owner_id, tax_code, valid_from)
)
-- next
CREATE INDEX ix_tax_registration_owner_id ON tax_registration (owner_id)
-- next
CREATE TABLE terms (
	order_id UUID NOT NULL, 
	hash TEXT NOT NULL, 
	goods BYTEA NOT NULL, 
	prices BYTEA NOT NULL, 
	invoice_id UUID, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_terms PRIMARY KEY (id), 
	CONSTRAINT uq_terms_order_id_hash UNIQUE (order_id, hash)
)
-- next
CREATE INDEX ix_terms_owner_id ON terms (owner_id)
-- next
CREATE TABLE thread (
	subject VARCHAR(40) NOT NULL, 
	subject_id UUID NOT NULL, 
	topic TEXT NOT NULL, 
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_thread PRIMARY KEY (id), 
	CONSTRAINT uq_thread_owner_id_subject_subject_id_topic UNIQUE (owner_id, subject, subject_id, topic), 
	CONSTRAINT ck_thread_threadsubject CHECK (subject IN ('order', 'account', 'run'))
)
-- next
CREATE INDEX ix_thread_owner_id ON thread (owner_id)
-- next
CREATE TABLE transfer_line (
	transfer_id UUID NOT NULL, 
	format_id UUID NOT NULL, 
	quantity INTEGER NOT NULL, 
	accepted INTEGER, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_transfer_line PRIMARY KEY (id), 
	CONSTRAINT uq_transfer_line_transfer_id_format_id UNIQUE (transfer_id, format_id)
)
-- next
CREATE INDEX ix_transfer_line_owner_id ON transfer_line (owner_id)
-- next
CREATE TABLE user_account (
	email TEXT NOT NULL, 
	display_name TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	language TEXT NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	disabled_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_user_account PRIMARY KEY (id), 
	CONSTRAINT uq_user_account_email UNIQUE (email)
)
-- next
CREATE INDEX ix_user_account_owner_id ON user_account (owner_id)
-- next
CREATE TABLE user_session (
	token_hash TEXT NOT NULL, 
	csrf_token TEXT NOT NULL, 
	user_id UUID NOT NULL, 
	membership_id UUID NOT NULL, 
	language TEXT NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	seen_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_user_session PRIMARY KEY (id), 
	CONSTRAINT uq_user_session_token_hash UNIQUE (token_hash)
)
-- next
CREATE INDEX ix_user_session_owner_id ON user_session (owner_id)
-- next
CREATE INDEX ix_user_session_user_id ON user_session (user_id)
-- next
CREATE TABLE variance_notice (
	delivery_id UUID NOT NULL, 
	order_id UUID NOT NULL, 
	seller_id UUID NOT NULL, 
	short_units INTEGER NOT NULL, 
	extra_units INTEGER NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_variance_notice PRIMARY KEY (id), 
	CONSTRAINT uq_variance_notice_delivery_id UNIQUE (delivery_id)
)
-- next
CREATE INDEX ix_variance_notice_order_id ON variance_notice (order_id)
-- next
CREATE INDEX ix_variance_notice_owner_id ON variance_notice (owner_id)
-- next
CREATE TABLE vehicle (
	name TEXT NOT NULL, 
	truck_class TEXT NOT NULL, 
	capacity_g INTEGER NOT NULL, 
	capacity_units INTEGER NOT NULL, 
	depot_site_id UUID NOT NULL, 
	starts_min INTEGER NOT NULL, 
	ends_min INTEGER NOT NULL, 
	plate TEXT NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_vehicle PRIMARY KEY (id), 
	CONSTRAINT uq_vehicle_owner_id_name UNIQUE (owner_id, name)
)
-- next
CREATE INDEX ix_vehicle_owner_id ON vehicle (owner_id)
-- next
CREATE TABLE verified_backup (
	name TEXT NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	verified_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	CONSTRAINT pk_verified_backup PRIMARY KEY (id)
)
-- next
CREATE TABLE visit (
	stop_id UUID NOT NULL, 
	run_id UUID NOT NULL, 
	site_id UUID NOT NULL, 
	buyer_id UUID NOT NULL, 
	device_id UUID NOT NULL, 
	event_id UUID NOT NULL, 
	event_seq INTEGER NOT NULL, 
	position BIGINT GENERATED BY DEFAULT AS IDENTITY, 
	driver_id UUID NOT NULL, 
	outcome VARCHAR(40) NOT NULL, 
	failure TEXT NOT NULL, 
	signer_name TEXT NOT NULL, 
	signer_role TEXT NOT NULL, 
	signature_sha256 TEXT NOT NULL, 
	picture_sha256 TEXT NOT NULL, 
	photos TEXT[] NOT NULL, 
	root TEXT NOT NULL, 
	delivered_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	uncertainty_s INTEGER NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	corrects_id UUID, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_visit PRIMARY KEY (id), 
	CONSTRAINT uq_visit_event_id UNIQUE (event_id), 
	CONSTRAINT ck_visit_visitoutcome CHECK (outcome IN ('complete', 'partial', 'refused', 'failed'))
)
-- next
CREATE INDEX ix_visit_owner_id ON visit (owner_id)
-- next
CREATE INDEX ix_visit_owner_id_stop_id ON visit (owner_id, stop_id)
-- next
CREATE INDEX ix_visit_run_id ON visit (run_id)
-- next
CREATE TABLE webhook_call (
	endpoint_id UUID NOT NULL, 
	key TEXT NOT NULL, 
	event TEXT NOT NULL, 
	subject_id UUID, 
	body JSONB NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	tries INTEGER NOT NULL, 
	round_tries INTEGER NOT NULL, 
	next_try_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	last_error_fr TEXT NOT NULL, 
	last_error_en TEXT NOT NULL, 
	last_status INTEGER, 
	last_try_at TIMESTAMP WITH TIME ZONE, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	sent_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_webhook_call PRIMARY KEY (id), 
	CONSTRAINT uq_webhook_call_endpoint_id_key UNIQUE (endpoint_id, key), 
	CONSTRAINT ck_webhook_call_sendingstate CHECK (state IN ('waiting', 'sent', 'failed'))
)
-- next
CREATE INDEX ix_webhook_call_endpoint_id_made_at ON webhook_call (endpoint_id, made_at)
-- next
CREATE INDEX ix_webhook_call_owner_id ON webhook_call (owner_id)
-- next
CREATE INDEX ix_webhook_call_owner_id_state ON webhook_call (owner_id, state)
-- next
CREATE TABLE webhook_endpoint (
	url TEXT NOT NULL, 
	generation INTEGER NOT NULL, 
	rotated_at TIMESTAMP WITH TIME ZONE, 
	given_up INTEGER NOT NULL, 
	suspended_at TIMESTAMP WITH TIME ZONE, 
	disabled_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_webhook_endpoint PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_webhook_endpoint_owner_id ON webhook_endpoint (owner_id)
-- next
CREATE TABLE write_off (
	number TEXT NOT NULL, 
	buyer_id UUID NOT NULL, 
	invoice_id UUID NOT NULL, 
	currency TEXT NOT NULL, 
	amount_cents BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	written_on DATE NOT NULL, 
	cause_id UUID NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	hash BYTEA NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_write_off PRIMARY KEY (id), 
	CONSTRAINT uq_write_off_owner_id_cause_id UNIQUE (owner_id, cause_id), 
	CONSTRAINT uq_write_off_owner_id_number UNIQUE (owner_id, number)
)
-- next
CREATE INDEX ix_write_off_invoice_id ON write_off (invoice_id)
-- next
CREATE INDEX ix_write_off_owner_id ON write_off (owner_id)
-- next
CREATE TABLE collection (
	issuer_id UUID NOT NULL, 
	buyer_id UUID NOT NULL, 
	method TEXT NOT NULL, 
	amount_cents BIGINT NOT NULL, 
	rounding_cents BIGINT NOT NULL, 
	reference TEXT NOT NULL, 
	visit_id UUID, 
	hand_record_id UUID, 
	position BIGINT GENERATED BY DEFAULT AS IDENTITY, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_collection PRIMARY KEY (id), 
	CONSTRAINT uq_collection_visit_id_issuer_id_method UNIQUE (visit_id, issuer_id, method), 
	CONSTRAINT uq_collection_hand_record_id_issuer_id_method UNIQUE (hand_record_id, issuer_id, method), 
	CONSTRAINT ck_collection_one_source CHECK (num_nonnulls(visit_id, hand_record_id) = 1), 
	CONSTRAINT fk_collection_hand_record_id FOREIGN KEY(hand_record_id) REFERENCES hand_record (id)
)
-- next
CREATE INDEX ix_collection_owner_id ON collection (owner_id)
-- next
CREATE INDEX ix_collection_visit_id ON collection (visit_id)
-- next
CREATE TABLE container_return (
	container_owner_id UUID NOT NULL, 
	creditor_id UUID NOT NULL, 
	holder_id UUID NOT NULL, 
	class_code TEXT NOT NULL, 
	quantity INTEGER NOT NULL, 
	unit_cents INTEGER NOT NULL, 
	visit_id UUID, 
	hand_record_id UUID, 
	position BIGINT GENERATED BY DEFAULT AS IDENTITY, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_container_return PRIMARY KEY (id), 
	CONSTRAINT uq_container_return_visit_id_container_owner_id_class_code UNIQUE (visit_id, container_owner_id, class_code), 
	CONSTRAINT uq_container_return_hand_record_id_container_owner_id_c_0aea UNIQUE (hand_record_id, container_owner_id, class_code), 
	CONSTRAINT ck_container_return_one_source CHECK (num_nonnulls(visit_id, hand_record_id) = 1), 
	CONSTRAINT fk_container_return_hand_record_id FOREIGN KEY(hand_record_id) REFERENCES hand_record (id)
)
-- next
CREATE INDEX ix_container_return_owner_id ON container_return (owner_id)
-- next
CREATE INDEX ix_container_return_visit_id ON container_return (visit_id)
-- next
CREATE TABLE contest_evidence (
	contest_id UUID NOT NULL, 
	brought_by UUID NOT NULL, 
	brought_by_name TEXT NOT NULL, 
	name TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	shown_sha256 TEXT NOT NULL, 
	shown_size_bytes INTEGER NOT NULL, 
	brought_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_contest_evidence PRIMARY KEY (id), 
	CONSTRAINT fk_contest_evidence_contest_id FOREIGN KEY(contest_id) REFERENCES contest (id)
)
-- next
CREATE INDEX ix_contest_evidence_contest_id ON contest_evidence (contest_id)
-- next
CREATE INDEX ix_contest_evidence_owner_id ON contest_evidence (owner_id)
-- next
CREATE TABLE credit_line (
	credit_note_id UUID NOT NULL, 
	position INTEGER NOT NULL, 
	invoice_line_id UUID, 
	order_line_id UUID, 
	container_code TEXT NOT NULL, 
	container_class_id UUID, 
	description_fr TEXT NOT NULL, 
	description_en TEXT NOT NULL, 
	quantity INTEGER NOT NULL, 
	net_cents BIGINT NOT NULL, 
	taxes JSONB NOT NULL, 
	deposit_cents BIGINT NOT NULL, 
	deposit_taxes JSONB NOT NULL, 
	document_discount_cents BIGINT NOT NULL, 
	unit_cents INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_credit_line PRIMARY KEY (id), 
	CONSTRAINT uq_credit_line_credit_note_id_position UNIQUE (credit_note_id, position), 
	CONSTRAINT fk_credit_line_credit_note_id FOREIGN KEY(credit_note_id) REFERENCES credit_note (id) DEFERRABLE INITIALLY DEFERRED
)
-- next
CREATE INDEX ix_credit_line_credit_note_id ON credit_line (credit_note_id)
-- next
CREATE INDEX ix_credit_line_invoice_line_id ON credit_line (invoice_line_id)
-- next
CREATE INDEX ix_credit_line_owner_id ON credit_line (owner_id)
-- next
CREATE TABLE delivery (
	visit_id UUID, 
	hand_record_id UUID, 
	order_id UUID NOT NULL, 
	seller_id UUID NOT NULL, 
	buyer_id UUID NOT NULL, 
	issuer_id UUID NOT NULL, 
	terms_id UUID NOT NULL, 
	revision INTEGER NOT NULL, 
	outcome VARCHAR(40) NOT NULL, 
	delivered_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	signer_name TEXT NOT NULL, 
	shown TEXT NOT NULL, 
	shown_total_cents BIGINT NOT NULL, 
	shown_credit_cents BIGINT NOT NULL, 
	shown_supplement_cents BIGINT NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_delivery PRIMARY KEY (id), 
	CONSTRAINT uq_delivery_visit_id_order_id_revision UNIQUE (visit_id, order_id, revision), 
	CONSTRAINT uq_delivery_hand_record_id_revision UNIQUE (hand_record_id, revision), 
	CONSTRAINT ck_delivery_one_source CHECK (num_nonnulls(visit_id, hand_record_id) = 1), 
	CONSTRAINT fk_delivery_visit_id FOREIGN KEY(visit_id) REFERENCES visit (id), 
	CONSTRAINT fk_delivery_hand_record_id FOREIGN KEY(hand_record_id) REFERENCES hand_record (id), 
	CONSTRAINT ck_delivery_visitoutcome CHECK (outcome IN ('complete', 'partial', 'refused', 'failed'))
)
-- next
CREATE INDEX ix_delivery_order_id ON delivery (order_id)
-- next
CREATE INDEX ix_delivery_owner_id ON delivery (owner_id)
-- next
CREATE TABLE invoice (
	kind VARCHAR(40) NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	buyer_id UUID NOT NULL, 
	seller_ids UUID[] NOT NULL, 
	currency TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	series TEXT, 
	year INTEGER, 
	sequence BIGINT, 
	section INTEGER NOT NULL, 
	sections INTEGER NOT NULL, 
	number TEXT NOT NULL, 
	issued_on DATE, 
	tax_on DATE, 
	due_on DATE, 
	published_at TIMESTAMP WITH TIME ZONE, 
	net_cents BIGINT NOT NULL, 
	tax_cents BIGINT NOT NULL, 
	deposit_cents BIGINT NOT NULL, 
	total_cents BIGINT NOT NULL, 
	taxes JSONB NOT NULL, 
	parties_text JSONB NOT NULL, 
	footer_fr TEXT NOT NULL, 
	footer_en TEXT NOT NULL, 
	net_days INTEGER NOT NULL, 
	agent_fee_cents BIGINT NOT NULL, 
	agent_fee_bp INTEGER NOT NULL, 
	prev_hash BYTEA, 
	hash BYTEA, 
	run_id UUID, 
	joined_id UUID, 
	replaces_id UUID, 
	takes_back_id UUID, 
	key UUID, 
	supplements_id UUID, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_invoice PRIMARY KEY (id), 
	CONSTRAINT uq_invoice_owner_id_series_year_sequence_section UNIQUE (owner_id, series, year, sequence, section), 
	CONSTRAINT uq_invoice_owner_id_key UNIQUE (owner_id, key), 
	CONSTRAINT ck_invoice_invoicekind CHECK (kind IN ('standard', 'partial', 'deposit', 'instalment', 'final', 'agent', 'recurring', 'supplier', 'container_deposit')), 
	CONSTRAINT ck_invoice_invoicestate CHECK (state IN ('draft', 'provisional', 'published', 'dropped')), 
	CONSTRAINT fk_invoice_takes_back_id FOREIGN KEY(takes_back_id) REFERENCES credit_note (id)
)
-- next
CREATE INDEX ix_invoice_joined_id ON invoice (joined_id) WHERE joined_id IS NOT NULL
-- next
CREATE INDEX ix_invoice_owner_id ON invoice (owner_id)
-- next
CREATE INDEX ix_invoice_owner_id_buyer_id ON invoice (owner_id, buyer_id) INCLUDE (id, number, party_ids)
-- next
CREATE INDEX ix_invoice_owner_id_state ON invoice (owner_id, state)
-- next
CREATE INDEX ix_invoice_supplements_id ON invoice (supplements_id)
-- next
CREATE INDEX ix_invoice_takes_back_id ON invoice (takes_back_id) WHERE takes_back_id IS NOT NULL
-- next
CREATE TABLE order_line (
	order_id UUID NOT NULL, 
	position INTEGER NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	format_id UUID, 
	description_fr TEXT NOT NULL, 
	description_en TEXT NOT NULL, 
	sales_unit TEXT NOT NULL, 
	quantity INTEGER NOT NULL, 
	unit_price NUMERIC(16, 4) NOT NULL, 
	price_steps JSONB NOT NULL, 
	discount_cents BIGINT NOT NULL, 
	rebate_cents BIGINT NOT NULL, 
	tax_codes TEXT[] NOT NULL, 
	container_class_id UUID, 
	container_code TEXT NOT NULL, 
	containers_a_unit INTEGER NOT NULL, 
	deposit_unit_cents INTEGER NOT NULL, 
	deposit_taxable BOOLEAN NOT NULL, 
	weight_g INTEGER NOT NULL, 
	barcode TEXT NOT NULL, 
	lots TEXT[] NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_order_line PRIMARY KEY (id), 
	CONSTRAINT uq_order_line_order_id_position UNIQUE (order_id, position), 
	CONSTRAINT fk_order_line_order_id FOREIGN KEY(order_id) REFERENCES "order" (id), 
	CONSTRAINT ck_order_line_linekind CHECK (kind IN ('goods', 'item', 'charge'))
)
-- next
CREATE INDEX ix_order_line_order_id ON order_line (order_id)
-- next
CREATE INDEX ix_order_line_owner_id ON order_line (owner_id)
-- next
CREATE INDEX ix_order_line_owner_id_format_id ON order_line (owner_id, format_id)
-- next
CREATE TABLE posting (
	entry_id UUID NOT NULL, 
	account VARCHAR(40) NOT NULL, 
	detail TEXT NOT NULL, 
	customer_id UUID, 
	amount_cents BIGINT NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_posting PRIMARY KEY (id), 
	CONSTRAINT fk_posting_entry_id FOREIGN KEY(entry_id) REFERENCES journal_entry (id), 
	CONSTRAINT ck_posting_account CHECK (account IN ('receivable', 'revenue', 'tax', 'container_deposits', 'deposit_revaluation', 'customer_credit', 'in_transit', 'bank', 'cash_rounding', 'producer_payable', 'agent_fee', 'write_off'))
)
-- next
CREATE INDEX ix_posting_entry_id ON posting (entry_id)
-- next
CREATE INDEX ix_posting_open_document ON posting (owner_id, detail) WHERE account IN ('receivable', 'customer_credit')
-- next
CREATE INDEX ix_posting_owed ON posting (owner_id, customer_id, entry_id) INCLUDE (amount_cents, party_ids) WHERE account IN ('receivable', 'customer_credit')
-- next
CREATE INDEX ix_posting_owner_id ON posting (owner_id)
-- next
CREATE TABLE proof_inclusion (
	proof_id UUID NOT NULL, 
	proof_day_id UUID NOT NULL, 
	payload BYTEA NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_proof_inclusion PRIMARY KEY (id), 
	CONSTRAINT uq_proof_inclusion_proof_id UNIQUE (proof_id), 
	CONSTRAINT fk_proof_inclusion_proof_id FOREIGN KEY(proof_id) REFERENCES proof (id), 
	CONSTRAINT fk_proof_inclusion_proof_day_id FOREIGN KEY(proof_day_id) REFERENCES proof_day (id)
)
-- next
CREATE INDEX ix_proof_inclusion_owner_id ON proof_inclusion (owner_id)
-- next
CREATE INDEX ix_proof_inclusion_proof_day_id ON proof_inclusion (proof_day_id)
-- next
CREATE TABLE stop (
	run_id UUID NOT NULL, 
	position INTEGER NOT NULL, 
	site_id UUID NOT NULL, 
	buyer_id UUID NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	planned_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	service_s INTEGER NOT NULL, 
	leg_distance_m INTEGER NOT NULL, 
	leg_duration_s INTEGER NOT NULL, 
	locked BOOLEAN NOT NULL, 
	arrived_at TIMESTAMP WITH TIME ZONE, 
	finished_at TIMESTAMP WITH TIME ZONE, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_stop PRIMARY KEY (id), 
	CONSTRAINT fk_stop_run_id FOREIGN KEY(run_id) REFERENCES run (id), 
	CONSTRAINT ck_stop_stopstate CHECK (state IN ('planned', 'on_the_way', 'arrived', 'counting', 'signed', 'failed', 'skipped', 'synced', 'reviewed', 'postponed', 'returned_to_depot'))
)
-- next
CREATE INDEX ix_stop_owner_id ON stop (owner_id)
-- next
CREATE INDEX ix_stop_owner_id_site_id ON stop (owner_id, site_id)
-- next
CREATE INDEX ix_stop_run_id ON stop (run_id)
-- next
CREATE TABLE delivery_line (
	delivery_id UUID NOT NULL, 
	position INTEGER NOT NULL, 
	order_line_id UUID NOT NULL, 
	ordered INTEGER NOT NULL, 
	delivered INTEGER NOT NULL, 
	not_shipped INTEGER NOT NULL, 
	lost INTEGER NOT NULL, 
	returned INTEGER NOT NULL, 
	extra INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	photos TEXT[] NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_delivery_line PRIMARY KEY (id), 
	CONSTRAINT uq_delivery_line_delivery_id_order_line_id UNIQUE (delivery_id, order_line_id), 
	CONSTRAINT fk_delivery_line_delivery_id FOREIGN KEY(delivery_id) REFERENCES delivery (id)
)
-- next
CREATE INDEX ix_delivery_line_delivery_id ON delivery_line (delivery_id)
-- next
CREATE INDEX ix_delivery_line_owner_id ON delivery_line (owner_id)
-- next
CREATE TABLE invoice_line (
	invoice_id UUID NOT NULL, 
	revision INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	order_id UUID, 
	order_line_id UUID, 
	credit_line_id UUID, 
	description_fr TEXT NOT NULL, 
	description_en TEXT NOT NULL, 
	sales_unit TEXT NOT NULL, 
	quantity INTEGER NOT NULL, 
	unit_price NUMERIC(16, 4) NOT NULL, 
	price_steps JSONB NOT NULL, 
	discount_cents BIGINT NOT NULL, 
	net_cents BIGINT NOT NULL, 
	document_discount_cents BIGINT NOT NULL, 
	taxes JSONB NOT NULL, 
	deposit_cents BIGINT NOT NULL, 
	deposit_taxes JSONB NOT NULL, 
	deposits JSONB NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_invoice_line PRIMARY KEY (id), 
	CONSTRAINT uq_invoice_line_invoice_id_revision_position UNIQUE (invoice_id, revision, position), 
	CONSTRAINT ck_invoice_line_one_line CHECK (num_nonnulls(order_line_id, credit_line_id) = 1), 
	CONSTRAINT ck_invoice_line_whole_order_line CHECK (num_nulls(order_id, order_line_id) <> 1), 
	CONSTRAINT fk_invoice_line_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoice (id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_invoice_line_credit_line_id FOREIGN KEY(credit_line_id) REFERENCES credit_line (id)
)
-- next
CREATE INDEX ix_invoice_line_credit_line_id ON invoice_line (credit_line_id) WHERE credit_line_id IS NOT NULL
-- next
CREATE INDEX ix_invoice_line_invoice_id ON invoice_line (invoice_id)
-- next
CREATE INDEX ix_invoice_line_owner_id ON invoice_line (owner_id)
-- next
CREATE TABLE invoice_order (
	invoice_id UUID NOT NULL, 
	order_id UUID NOT NULL, 
	live_final BOOLEAN NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_invoice_order PRIMARY KEY (id), 
	CONSTRAINT uq_invoice_order_invoice_id_order_id UNIQUE (invoice_id, order_id), 
	CONSTRAINT fk_invoice_order_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoice (id) DEFERRABLE INITIALLY DEFERRED
)
-- next
CREATE INDEX ix_invoice_order_invoice_id ON invoice_order (invoice_id)
-- next
CREATE INDEX ix_invoice_order_owner_id ON invoice_order (owner_id)
-- next
CREATE UNIQUE INDEX uq_invoice_order_live ON invoice_order (order_id) WHERE live_final
-- next
CREATE TABLE stop_order (
	stop_id UUID NOT NULL, 
	order_id UUID NOT NULL, 
	position INTEGER NOT NULL, 
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	party_ids UUID[] NOT NULL, 
	CONSTRAINT pk_stop_order PRIMARY KEY (id), 
	CONSTRAINT uq_stop_order_stop_id_order_id UNIQUE (stop_id, order_id), 
	CONSTRAINT fk_stop_order_stop_id FOREIGN KEY(stop_id) REFERENCES stop (id)
)
-- next
CREATE INDEX ix_stop_order_order_id ON stop_order (order_id)
-- next
CREATE INDEX ix_stop_order_owner_id ON stop_order (owner_id)
-- next
CREATE INDEX ix_stop_order_stop_id ON stop_order (stop_id)
-- next
INSERT INTO tax_rate (id, code, name_fr, name_en, rate, valid_from) VALUES ('019344b0-0000-7000-8000-000000000001', 'gst', 'TPS', 'GST', '0.05', '2008-01-01')
-- next
INSERT INTO tax_rate (id, code, name_fr, name_en, rate, valid_from) VALUES ('019344b0-0000-7000-8000-000000000002', 'qst', 'TVQ', 'QST', '0.09975', '2013-01-01')
-- next
INSERT INTO server_epoch (id, nonce, started_at) VALUES (gen_random_uuid(), gen_random_uuid(), 'epoch')
-- next
CREATE OR REPLACE FUNCTION acting_organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT current_setting('tournee.acting')::uuid $$
-- next
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is written once', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
-- next
CREATE OR REPLACE FUNCTION refuse_change_while_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF TG_OP = 'DELETE' AND OLD.at < now() - make_interval(days => TG_ARGV[0]::int) THEN RETURN OLD; END IF;
  RAISE EXCEPTION '% is written once', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
-- next
CREATE OR REPLACE FUNCTION refuse_change_when_final() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF OLD.state IN ('published', 'issued') THEN
    RAISE EXCEPTION '% % is final', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$
-- next
CREATE OR REPLACE FUNCTION lock_orders(owners uuid[], mine text[]) RETURNS void LANGUAGE plpgsql AS
$$ DECLARE former text := current_setting('tournee.acting'); 
BEGIN
  FOR turn IN 1 .. cardinality(owners) LOOP
    PERFORM set_config('tournee.acting', owners[turn]::text, true);
    PERFORM id FROM "order" WHERE id = ANY (mine[turn]::uuid[]) ORDER BY id FOR UPDATE;
  END LOOP;
  PERFORM set_config('tournee.acting', former, true);
END $$
-- next
CREATE OR REPLACE FUNCTION own_depots(owners uuid[], keeper uuid) RETURNS SETOF uuid LANGUAGE plpgsql AS
$$ DECLARE former text := current_setting('tournee.acting'); 
BEGIN
  FOR turn IN 1 .. cardinality(owners) LOOP
    PERFORM set_config('tournee.acting', owners[turn]::text, true);
    RETURN QUERY SELECT owners[turn] WHERE EXISTS (SELECT FROM stock_move WHERE owner_id = owners[turn]
      AND target_keeper_id = keeper AND target = 'warehouse');
  END LOOP;
  PERFORM set_config('tournee.acting', former, true);
END $$
-- next
CREATE OR REPLACE FUNCTION own_covered(owners uuid[], invoices text[]) RETURNS TABLE (invoice uuid, covered uuid) LANGUAGE plpgsql AS
$$ DECLARE former text := current_setting('tournee.acting'); 
BEGIN
  FOR turn IN 1 .. cardinality(owners) LOOP
    PERFORM set_config('tournee.acting', owners[turn]::text, true);
    RETURN QUERY SELECT invoice_id, order_id FROM invoice_order WHERE invoice_id = ANY (invoices[turn]::uuid[]);
  END LOOP;
  PERFORM set_config('tournee.acting', former, true);
END $$
-- next
CREATE OR REPLACE FUNCTION own_waiting(owners uuid[], buyers text[]) RETURNS SETOF uuid LANGUAGE plpgsql AS
$$ DECLARE former text := current_setting('tournee.acting'); 
BEGIN
  FOR turn IN 1 .. cardinality(owners) LOOP
    PERFORM set_config('tournee.acting', owners[turn]::text, true);
    RETURN QUERY SELECT owners[turn] WHERE EXISTS (SELECT FROM credit_note AS note
      WHERE owner_id = owners[turn] AND buyer_id = ANY (buyers[turn]::uuid[]) AND state = 'issued'
      AND 0 > (SELECT sum(amount_cents) FROM posting WHERE owner_id = owners[turn]
      AND account IN ('receivable', 'customer_credit') AND detail = note.id::text));
  END LOOP;
  PERFORM set_config('tournee.acting', former, true);
END $$
-- next
CREATE OR REPLACE FUNCTION fact_heads(owners uuid[]) RETURNS TABLE (owner uuid, head_position bigint, head_hash bytea) LANGUAGE plpgsql AS
$$ DECLARE former text := current_setting('tournee.acting'); 
BEGIN
  FOR turn IN 1 .. cardinality(owners) LOOP
    PERFORM set_config('tournee.acting', owners[turn]::text, true);
    PERFORM pg_advisory_xact_lock(hashtextextended('fact:' || owners[turn]::text, 0));
    RETURN QUERY SELECT owner_id, position, hash FROM fact WHERE owner_id = owners[turn] ORDER BY position DESC LIMIT 1;
  END LOOP;
  PERFORM set_config('tournee.acting', former, true);
END $$
-- next
CREATE OR REPLACE FUNCTION write_facts(owners uuid[], written json) RETURNS void LANGUAGE plpgsql AS
$$ DECLARE former text := current_setting('tournee.acting'); mine json[] := ARRAY(SELECT json_array_elements(written));
BEGIN
  FOR turn IN 1 .. cardinality(owners) LOOP
    PERFORM set_config('tournee.acting', owners[turn]::text, true);
    INSERT INTO fact SELECT * FROM json_populate_recordset(NULL::fact, mine[turn]);
  END LOOP;
  PERFORM set_config('tournee.acting', former, true);
END $$
-- next
CREATE OR REPLACE FUNCTION latest_counters(owners uuid[], series_of text[]) RETURNS SETOF number_series LANGUAGE plpgsql AS
$$ DECLARE former text := current_setting('tournee.acting'); latest number_series;
BEGIN
  FOR turn IN 1 .. cardinality(owners) LOOP
    PERFORM set_config('tournee.acting', owners[turn]::text, true);
    SELECT * INTO latest FROM number_series WHERE owner_id = owners[turn] AND series = series_of[turn] ORDER BY year DESC LIMIT 1 FOR UPDATE;
    EXIT WHEN NOT FOUND;
    RETURN NEXT latest;
    EXIT WHEN extract(year FROM latest.last_issued_on) <> latest.year;
  END LOOP;
  PERFORM set_config('tournee.acting', former, true);
END $$
-- next
CREATE OR REPLACE FUNCTION own_cards(owners uuid[]) RETURNS SETOF organisation LANGUAGE plpgsql AS
$$ DECLARE former text := current_setting('tournee.acting'); 
BEGIN
  FOR turn IN 1 .. cardinality(owners) LOOP
    PERFORM set_config('tournee.acting', owners[turn]::text, true);
    RETURN QUERY SELECT * FROM organisation WHERE id = owners[turn];
  END LOOP;
  PERFORM set_config('tournee.acting', former, true);
END $$
-- next
CREATE OR REPLACE FUNCTION own_registrations(owners uuid[], day date) RETURNS SETOF tax_registration LANGUAGE plpgsql AS
$$ DECLARE former text := current_setting('tournee.acting'); 
BEGIN
  FOR turn IN 1 .. cardinality(owners) LOOP
    PERFORM set_config('tournee.acting', owners[turn]::text, true);
    RETURN QUERY SELECT * FROM tax_registration WHERE owner_id = owners[turn] AND valid_from <= day AND (valid_until IS NULL OR valid_until >= day) ORDER BY tax_code, valid_from;
  END LOOP;
  PERFORM set_config('tournee.acting', former, true);
END $$
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "agreement" TO tournee_app
-- next
ALTER TABLE "agreement" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "agreement" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "agreement" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "agreement" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "agreement" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "agreement" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "allocation" TO tournee_app
-- next
ALTER TABLE "allocation" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "allocation" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "allocation" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "allocation" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "allocation" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "allocation" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "allocation" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "attachment" TO tournee_app
-- next
ALTER TABLE "attachment" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "attachment" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "attachment" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "attachment" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "attachment" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "attachment" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "client" TO tournee_app
-- next
ALTER TABLE "client" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "client" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "client" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "client" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "client" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "client" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "collection" TO tournee_app
-- next
ALTER TABLE "collection" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "collection" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "collection" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "collection" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "collection" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "collection" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "collection" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "container_class" TO tournee_app
-- next
ALTER TABLE "container_class" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "container_class" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "container_class" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "container_class" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "container_class" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "container_class" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "container_entry" TO tournee_app
-- next
ALTER TABLE "container_entry" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "container_entry" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "container_entry" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "container_entry" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "container_entry" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "container_entry" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "container_entry" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "container_price" TO tournee_app
-- next
ALTER TABLE "container_price" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "container_price" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "container_price" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "container_price" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "container_price" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "container_price" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "container_return" TO tournee_app
-- next
ALTER TABLE "container_return" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "container_return" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "container_return" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "container_return" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "container_return" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "container_return" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "container_return" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "contest" TO tournee_app
-- next
ALTER TABLE "contest" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "contest" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "contest" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "contest" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "contest" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "contest" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "contest_evidence" TO tournee_app
-- next
ALTER TABLE "contest_evidence" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "contest_evidence" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "contest_evidence" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "contest_evidence" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "contest_evidence" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "contest_evidence" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "contest_evidence" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "correction" TO tournee_app
-- next
ALTER TABLE "correction" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "correction" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "correction" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "correction" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "correction" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "correction" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "correction" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "credit_line" TO tournee_app
-- next
ALTER TABLE "credit_line" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "credit_line" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "credit_line" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "credit_line" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "credit_line" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "credit_line" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "credit_line" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "credit_note" TO tournee_app
-- next
ALTER TABLE "credit_note" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "credit_note" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "credit_note" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "credit_note" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "credit_note" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "credit_note" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER final_when_issued BEFORE UPDATE OR DELETE ON "credit_note" FOR EACH ROW EXECUTE FUNCTION refuse_change_when_final()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "customer_account" TO tournee_app
-- next
ALTER TABLE "customer_account" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "customer_account" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "customer_account" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "customer_account" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "customer_account" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "customer_account" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "customer_group" TO tournee_app
-- next
ALTER TABLE "customer_group" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "customer_group" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "customer_group" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "customer_group" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "customer_group" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "customer_group" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "delivery" TO tournee_app
-- next
ALTER TABLE "delivery" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "delivery" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "delivery" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "delivery" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "delivery" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "delivery" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "delivery" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "delivery_cycle" TO tournee_app
-- next
ALTER TABLE "delivery_cycle" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "delivery_cycle" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "delivery_cycle" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "delivery_cycle" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "delivery_cycle" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "delivery_cycle" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "delivery_line" TO tournee_app
-- next
ALTER TABLE "delivery_line" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "delivery_line" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "delivery_line" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "delivery_line" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "delivery_line" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "delivery_line" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "delivery_line" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "deposit_revaluation" TO tournee_app
-- next
ALTER TABLE "deposit_revaluation" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "deposit_revaluation" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "deposit_revaluation" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "deposit_revaluation" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "deposit_revaluation" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "deposit_revaluation" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "deposit_revaluation" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "device" TO tournee_app
-- next
ALTER TABLE "device" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "device" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "device" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "device" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "device" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "device" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "device_challenge" TO tournee_app
-- next
ALTER TABLE "device_challenge" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "device_challenge" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "device_challenge" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "device_challenge" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "device_challenge" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "device_challenge" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "device_event" TO tournee_app
-- next
ALTER TABLE "device_event" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "device_event" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "device_event" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "device_event" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "device_event" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "device_event" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "device_stream" TO tournee_app
-- next
ALTER TABLE "device_stream" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "device_stream" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "device_stream" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "device_stream" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "device_stream" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "device_stream" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "device_token" TO tournee_app
-- next
ALTER TABLE "device_token" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "device_token" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "device_token" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "device_token" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "device_token" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "device_token" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "discrepancy" TO tournee_app
-- next
ALTER TABLE "discrepancy" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "discrepancy" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "discrepancy" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "discrepancy" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "discrepancy" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "discrepancy" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "document" TO tournee_app
-- next
ALTER TABLE "document" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "document" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "document" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "document" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "document" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "document" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "document" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "email_message" TO tournee_app
-- next
ALTER TABLE "email_message" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "email_message" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "email_message" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "email_message" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "email_message" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "email_message" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "enrolment_code" TO tournee_app
-- next
ALTER TABLE "enrolment_code" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "enrolment_code" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "enrolment_code" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "enrolment_code" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "enrolment_code" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "enrolment_code" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "event_decision" TO tournee_app
-- next
ALTER TABLE "event_decision" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "event_decision" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "event_decision" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "event_decision" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "event_decision" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "event_decision" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "event_decision" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "fact" TO tournee_app
-- next
ALTER TABLE "fact" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "fact" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "fact" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "fact" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "fact" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "fact" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "fact" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "hand_record" TO tournee_app
-- next
ALTER TABLE "hand_record" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "hand_record" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "hand_record" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "hand_record" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "hand_record" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "hand_record" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "hand_record" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "inbox_message" TO tournee_app
-- next
ALTER TABLE "inbox_message" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "inbox_message" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "inbox_message" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "inbox_message" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "inbox_message" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "inbox_message" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "invitation" TO tournee_app
-- next
ALTER TABLE "invitation" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "invitation" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "invitation" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "invitation" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "invitation" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "invitation" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "invoice" TO tournee_app
-- next
ALTER TABLE "invoice" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "invoice" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "invoice" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "invoice" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "invoice" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "invoice" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER final_when_issued BEFORE UPDATE OR DELETE ON "invoice" FOR EACH ROW EXECUTE FUNCTION refuse_change_when_final()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "invoice_line" TO tournee_app
-- next
ALTER TABLE "invoice_line" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "invoice_line" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "invoice_line" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "invoice_line" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "invoice_line" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "invoice_line" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "invoice_line" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "invoice_order" TO tournee_app
-- next
ALTER TABLE "invoice_order" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "invoice_order" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "invoice_order" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "invoice_order" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "invoice_order" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "invoice_order" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "journal_entry" TO tournee_app
-- next
ALTER TABLE "journal_entry" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "journal_entry" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "journal_entry" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "journal_entry" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "journal_entry" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "journal_entry" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "journal_entry" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "list_price" TO tournee_app
-- next
ALTER TABLE "list_price" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "list_price" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "list_price" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "list_price" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "list_price" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "list_price" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "list_taste" TO tournee_app
-- next
ALTER TABLE "list_taste" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "list_taste" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "list_taste" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "list_taste" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "list_taste" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "list_taste" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "membership" TO tournee_app
-- next
ALTER TABLE "membership" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "membership" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "membership" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "membership" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "membership" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "membership" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "message" TO tournee_app
-- next
ALTER TABLE "message" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "message" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "message" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "message" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "message" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "message" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "message" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "notification_choice" TO tournee_app
-- next
ALTER TABLE "notification_choice" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "notification_choice" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "notification_choice" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "notification_choice" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "notification_choice" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "notification_choice" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "number_series" TO tournee_app
-- next
ALTER TABLE "number_series" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "number_series" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "number_series" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "number_series" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "number_series" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "number_series" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "order" TO tournee_app
-- next
ALTER TABLE "order" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "order" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "order" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "order" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "order" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "order" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "order_entry" TO tournee_app
-- next
ALTER TABLE "order_entry" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "order_entry" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "order_entry" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "order_entry" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "order_entry" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "order_entry" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "order_entry" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "order_file" TO tournee_app
-- next
ALTER TABLE "order_file" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "order_file" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "order_file" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "order_file" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "order_file" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "order_file" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "order_line" TO tournee_app
-- next
ALTER TABLE "order_line" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "order_line" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "order_line" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "order_line" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "order_line" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "order_line" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "order_number" TO tournee_app
-- next
ALTER TABLE "order_number" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "order_number" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "order_number" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "order_number" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "order_number" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "order_number" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "order_request" TO tournee_app
-- next
ALTER TABLE "order_request" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "order_request" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "order_request" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "order_request" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "order_request" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "order_request" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "organisation" TO tournee_app
-- next
ALTER TABLE "organisation" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "organisation" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "organisation" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "organisation" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "organisation" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "organisation" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY census ON "organisation" FOR SELECT TO CURRENT_USER USING (true)
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "paper_archive" TO tournee_app
-- next
ALTER TABLE "paper_archive" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "paper_archive" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "paper_archive" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "paper_archive" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "paper_archive" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "paper_archive" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "paper_link" TO tournee_app
-- next
ALTER TABLE "paper_link" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "paper_link" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "paper_link" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "paper_link" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "paper_link" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "paper_link" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "paper_link_use" TO tournee_app
-- next
ALTER TABLE "paper_link_use" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "paper_link_use" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "paper_link_use" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "paper_link_use" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "paper_link_use" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "paper_link_use" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "paper_link_use" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "paper_proof" TO tournee_app
-- next
ALTER TABLE "paper_proof" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "paper_proof" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "paper_proof" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "paper_proof" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "paper_proof" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "paper_proof" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "partner_code" TO tournee_app
-- next
ALTER TABLE "partner_code" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "partner_code" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "partner_code" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "partner_code" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "partner_code" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "partner_code" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "payment" TO tournee_app
-- next
ALTER TABLE "payment" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "payment" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "payment" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "payment" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "payment" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "payment" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "plan" TO tournee_app
-- next
ALTER TABLE "plan" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "plan" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "plan" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "plan" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "plan" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "plan" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "posting" TO tournee_app
-- next
ALTER TABLE "posting" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "posting" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "posting" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "posting" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "posting" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "posting" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "posting" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "price_rule" TO tournee_app
-- next
ALTER TABLE "price_rule" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "price_rule" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "price_rule" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "price_rule" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "price_rule" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "price_rule" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "product" TO tournee_app
-- next
ALTER TABLE "product" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "product" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "product" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "product" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "product" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "product" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "product_format" TO tournee_app
-- next
ALTER TABLE "product_format" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "product_format" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "product_format" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "product_format" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "product_format" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "product_format" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "proof" TO tournee_app
-- next
ALTER TABLE "proof" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "proof" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "proof" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "proof" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "proof" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "proof" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "proof" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "proof_access" TO tournee_app
-- next
ALTER TABLE "proof_access" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "proof_access" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "proof_access" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "proof_access" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "proof_access" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "proof_access" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "proof_access" FOR EACH ROW EXECUTE FUNCTION refuse_change_while_kept(365)
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "proof_day" TO tournee_app
-- next
ALTER TABLE "proof_day" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "proof_day" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "proof_day" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "proof_day" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "proof_day" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "proof_day" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "proof_day" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "proof_edition" TO tournee_app
-- next
ALTER TABLE "proof_edition" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "proof_edition" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "proof_edition" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "proof_edition" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "proof_edition" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "proof_edition" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "proof_edition" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "proof_entry" TO tournee_app
-- next
ALTER TABLE "proof_entry" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "proof_entry" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "proof_entry" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "proof_entry" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "proof_entry" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "proof_entry" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "proof_export" TO tournee_app
-- next
ALTER TABLE "proof_export" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "proof_export" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "proof_export" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "proof_export" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "proof_export" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "proof_export" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "proof_inclusion" TO tournee_app
-- next
ALTER TABLE "proof_inclusion" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "proof_inclusion" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "proof_inclusion" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "proof_inclusion" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "proof_inclusion" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "proof_inclusion" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "proof_inclusion" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "provider_account" TO tournee_app
-- next
ALTER TABLE "provider_account" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "provider_account" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "provider_account" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "provider_account" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "provider_account" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "provider_account" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "provider_event" TO tournee_app
-- next
ALTER TABLE "provider_event" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "provider_event" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "provider_event" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "provider_event" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "provider_event" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "provider_event" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "provider_event" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "rate_window" TO tournee_app
-- next
ALTER TABLE "rate_window" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "rate_window" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "rate_window" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "rate_window" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "rate_window" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "rate_window" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "refund" TO tournee_app
-- next
ALTER TABLE "refund" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "refund" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "refund" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "refund" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "refund" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "refund" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "relation" TO tournee_app
-- next
ALTER TABLE "relation" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "relation" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "relation" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "relation" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "relation" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "relation" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "reminder" TO tournee_app
-- next
ALTER TABLE "reminder" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "reminder" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "reminder" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "reminder" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "reminder" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "reminder" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "reminder" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "reminder_plan" TO tournee_app
-- next
ALTER TABLE "reminder_plan" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "reminder_plan" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "reminder_plan" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "reminder_plan" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "reminder_plan" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "reminder_plan" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "road_leg" TO tournee_app
-- next
ALTER TABLE "road_leg" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "road_leg" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "road_leg" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "road_leg" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "road_leg" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "road_leg" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "run" TO tournee_app
-- next
ALTER TABLE "run" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "run" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "run" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "run" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "run" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "run" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "run_bundle" TO tournee_app
-- next
ALTER TABLE "run_bundle" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "run_bundle" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "run_bundle" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "run_bundle" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "run_bundle" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "run_bundle" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "run_bundle" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "run_given" TO tournee_app
-- next
ALTER TABLE "run_given" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "run_given" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "run_given" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "run_given" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "run_given" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "run_given" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "run_waiver" TO tournee_app
-- next
ALTER TABLE "run_waiver" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "run_waiver" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "run_waiver" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "run_waiver" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "run_waiver" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "run_waiver" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "run_waiver" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "saved_view" TO tournee_app
-- next
ALTER TABLE "saved_view" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "saved_view" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "saved_view" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "saved_view" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "saved_view" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "saved_view" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT ON "server_epoch" TO tournee_app
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "signed_receipt" TO tournee_app
-- next
ALTER TABLE "signed_receipt" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "signed_receipt" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "signed_receipt" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "signed_receipt" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "signed_receipt" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "signed_receipt" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "signed_receipt" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "site" TO tournee_app
-- next
ALTER TABLE "site" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "site" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "site" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "site" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "site" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "site" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "stock_allocation" TO tournee_app
-- next
ALTER TABLE "stock_allocation" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "stock_allocation" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "stock_allocation" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "stock_allocation" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "stock_allocation" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "stock_allocation" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "stock_move" TO tournee_app
-- next
ALTER TABLE "stock_move" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "stock_move" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "stock_move" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "stock_move" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "stock_move" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "stock_move" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "stock_move" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "stock_transfer" TO tournee_app
-- next
ALTER TABLE "stock_transfer" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "stock_transfer" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "stock_transfer" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "stock_transfer" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "stock_transfer" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "stock_transfer" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "stop" TO tournee_app
-- next
ALTER TABLE "stop" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "stop" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "stop" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "stop" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "stop" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "stop" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "stop_order" TO tournee_app
-- next
ALTER TABLE "stop_order" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "stop_order" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "stop_order" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "stop_order" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "stop_order" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "stop_order" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "stray_push" TO tournee_app
-- next
ALTER TABLE "stray_push" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "stray_push" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "stray_push" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "stray_push" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "stray_push" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "stray_push" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "stray_push" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT ON "tax_rate" TO tournee_app
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "tax_registration" TO tournee_app
-- next
ALTER TABLE "tax_registration" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "tax_registration" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "tax_registration" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "tax_registration" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "tax_registration" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "tax_registration" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "terms" TO tournee_app
-- next
ALTER TABLE "terms" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "terms" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "terms" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "terms" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "terms" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "terms" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "terms" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "thread" TO tournee_app
-- next
ALTER TABLE "thread" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "thread" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "thread" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "thread" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "thread" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "thread" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "transfer_line" TO tournee_app
-- next
ALTER TABLE "transfer_line" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "transfer_line" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "transfer_line" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "transfer_line" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "transfer_line" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "transfer_line" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "user_account" TO tournee_app
-- next
ALTER TABLE "user_account" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "user_account" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "user_account" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "user_account" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "user_account" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "user_account" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "user_session" TO tournee_app
-- next
ALTER TABLE "user_session" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "user_session" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "user_session" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "user_session" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "user_session" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "user_session" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "variance_notice" TO tournee_app
-- next
ALTER TABLE "variance_notice" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "variance_notice" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "variance_notice" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "variance_notice" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "variance_notice" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "variance_notice" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "variance_notice" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "vehicle" TO tournee_app
-- next
ALTER TABLE "vehicle" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "vehicle" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "vehicle" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "vehicle" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "vehicle" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "vehicle" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT ON "verified_backup" TO tournee_app
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "visit" TO tournee_app
-- next
ALTER TABLE "visit" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "visit" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "visit" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "visit" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "visit" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "visit" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "visit" FOR EACH ROW EXECUTE FUNCTION refuse_change()
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "webhook_call" TO tournee_app
-- next
ALTER TABLE "webhook_call" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "webhook_call" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "webhook_call" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "webhook_call" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "webhook_call" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "webhook_call" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "webhook_endpoint" TO tournee_app
-- next
ALTER TABLE "webhook_endpoint" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "webhook_endpoint" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "webhook_endpoint" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "webhook_endpoint" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "webhook_endpoint" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "webhook_endpoint" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
GRANT SELECT, INSERT, UPDATE, DELETE ON "write_off" TO tournee_app
-- next
ALTER TABLE "write_off" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "write_off" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY readers ON "write_off" FOR SELECT USING (owner_id = (SELECT acting_organisation()) OR (SELECT acting_organisation()) = ANY (party_ids))
-- next
CREATE POLICY adds ON "write_off" FOR INSERT WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY changes ON "write_off" FOR UPDATE USING (owner_id = (SELECT acting_organisation())) WITH CHECK (owner_id = (SELECT acting_organisation()))
-- next
CREATE POLICY removes ON "write_off" FOR DELETE USING (owner_id = (SELECT acting_organisation()))
-- next
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON "write_off" FOR EACH ROW EXECUTE FUNCTION refuse_change()
